import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The controllers whose files are read. */
export type Controller = 'cpu' | 'cpuacct' | 'cpuset' | 'memory' | 'blkio' | 'pids'

/** Where the kernel's files are. */
export interface HostRoots {
  readonly proc: string
  readonly cgroup: string
}

/**
 * Where the kernel keeps the cgroups of the containers. `unified` is cgroup v2, one tree; `legacy` is cgroup v1, one tree
 * per controller (PVE 6, and later releases booted so).
 */
export type CgroupLayout =
  | { readonly kind: 'unified'; readonly root: string }
  | { readonly kind: 'legacy'; readonly root: string; readonly mounts: ReadonlyMap<Controller, string> }

const LEGACY_MOUNTS: Readonly<Record<Controller, readonly string[]>> = {
  cpu: ['cpu', 'cpu,cpuacct', 'cpuacct,cpu'],
  cpuacct: ['cpuacct', 'cpu,cpuacct', 'cpuacct,cpu'],
  cpuset: ['cpuset'],
  memory: ['memory'],
  blkio: ['blkio'],
  pids: ['pids'],
}

/** Looks at what is mounted below `root`. Undefined when it is no cgroup tree. */
export function findCgroupLayout(root: string): CgroupLayout | undefined {
  if (existsSync(join(root, 'cgroup.controllers'))) return { kind: 'unified', root }
  const mounts = new Map<Controller, string>()
  for (const controller of ['cpu', 'cpuacct', 'cpuset', 'memory', 'blkio', 'pids'] as const) {
    const name = LEGACY_MOUNTS[controller].find(candidate => existsSync(join(root, candidate, 'cgroup.procs')))
    if (name !== undefined) mounts.set(controller, join(root, name))
  }
  if (mounts.size > 0) return { kind: 'legacy', root, mounts }
  return existsSync(join(root, 'lxc')) ? { kind: 'unified', root } : undefined
}

/**
 * The tree whose directories say which containers there are and whose process lists are complete. On cgroup v1 that is
 * cpuset: LXC makes `ns` in every tree, and systemd inside a container divides others further, but not this one.
 */
export function processTree(layout: CgroupLayout): string | undefined {
  if (layout.kind === 'unified') return layout.root
  return layout.mounts.get('cpuset') ?? layout.mounts.get('pids') ?? layout.mounts.get('memory')
}

/** The directory of a container's own limits and accounting for one controller; undefined when it is not mounted. */
export function controllerFolder(layout: CgroupLayout, controller: Controller, vmid: number): string | undefined {
  if (layout.kind === 'unified') return `${layout.root}/lxc/${vmid}`
  const mount = layout.mounts.get(controller)
  return mount === undefined ? undefined : `${mount}/lxc/${vmid}`
}
