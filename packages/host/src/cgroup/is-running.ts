import type { HostFiles } from '../host-files.ts'
import { type CgroupLayout, processTree } from './cgroup-layout.ts'

/** Whether processes run in a container. */
export function isRunning(files: HostFiles, layout: CgroupLayout, vmid: number): boolean {
  if (layout.kind === 'legacy') return [...processLists(files, layout, vmid)].some(list => list !== '')
  return /^populated 1$/m.test(files.readText(`${layout.root}/lxc/${vmid}/cgroup.events`) ?? '')
}

/** The texts of the process lists that can hold its init, likeliest first: systemd keeps it in `init.scope`, others in `ns`. */
export function* processLists(files: HostFiles, layout: CgroupLayout, vmid: number): Generator<string> {
  const tree = processTree(layout)
  if (tree === undefined) return
  for (const group of ['/ns/init.scope', '/ns', '']) {
    yield files.readText(`${tree}/lxc/${vmid}${group}/cgroup.procs`) ?? ''
  }
}
