import { readdirSync, statSync } from 'node:fs'
import { AutoscaleError, errorMessage, parseVmid, systemErrorCode } from '@lxc-autoscale/core'
import type { KernelText } from '@lxc-autoscale/host'
import {
  type CgroupLayout,
  findCgroupLayout,
  type HostFiles,
  type HostRoots,
  OPTIONAL_LIST,
  processTree,
} from '@lxc-autoscale/host'
import { ContainerRun } from './container-run.ts'

/** The containers that run now: those that have processes in their cgroup. */
export class ContainerList {
  readonly #files: HostFiles
  readonly #roots: HostRoots
  readonly #runs = new Map<number, ContainerRun>()
  #layout: CgroupLayout | undefined

  constructor(files: HostFiles, roots: HostRoots) {
    this.#files = files
    this.#roots = roots
  }

  /**
   * The running containers out of `candidates`, or all when that is undefined. A container that was started again since
   * the last call is a new run.
   * @throws {AutoscaleError} HOST_UNREADABLE when there is no cgroup tree.
   */
  list(candidates: ReadonlySet<number> | undefined): readonly ContainerRun[] {
    const folder = this.#folder()
    const running: ContainerRun[] = []
    const gone = new Set(this.#runs.keys())
    const sockets = commandSockets(this.#files, this.#roots.proc)
    for (const name of this.#names(folder)) {
      const vmid = parseVmid(name)
      if (vmid === undefined || (candidates !== undefined && !candidates.has(vmid))) continue
      const run = this.#runAt(vmid, `${folder}/${name}`)
      if (run === undefined) continue
      run.look()
      if (!isRunning(run, sockets)) continue
      gone.delete(vmid)
      running.push(run)
    }
    for (const vmid of gone) this.#forget(vmid)
    return running
  }

  /** Which containers have a cgroup, running or not. */
  vmids(): readonly number[] {
    return this.#names(this.#folder()).flatMap(name => parseVmid(name) ?? [])
  }

  close(): void {
    for (const vmid of [...this.#runs.keys()]) this.#forget(vmid)
  }

  #folder(): string {
    this.#layout ??= findCgroupLayout(this.#roots.cgroup)
    const tree = this.#layout === undefined ? undefined : processTree(this.#layout)
    if (tree !== undefined) return `${tree}/lxc`
    const { cgroup } = this.#roots
    throw new AutoscaleError('HOST_UNREADABLE', `${cgroup}: no cgroup tree there (host.cgroup)`)
  }

  #names(folder: string): readonly string[] {
    try {
      return readdirSync(folder)
    } catch (error) {
      // No container was started since the host booted, or the trees were mounted anew.
      this.#layout = undefined
      if (systemErrorCode(error) === 'ENOENT') return []
      throw new AutoscaleError('HOST_UNREADABLE', errorMessage(error), { cause: error })
    }
  }

  #runAt(vmid: number, folder: string): ContainerRun | undefined {
    const stat = statSync(folder, { throwIfNoEntry: false })
    if (stat === undefined || !stat.isDirectory()) return undefined
    const known = this.#runs.get(vmid)
    if (known?.runId === stat.ino) return known
    known?.close()
    const { proc } = this.#roots
    const layout = this.#layout
    if (layout === undefined) return undefined
    const run = new ContainerRun(this.#files, { vmid, runId: stat.ino, layout, folder, proc })
    this.#runs.set(vmid, run)
    return run
  }

  #forget(vmid: number): void {
    this.#runs.get(vmid)?.close()
    this.#runs.delete(vmid)
  }
}

/**
 * A stopped container can leave its cgroup behind, empty or with a process that the kernel cannot end. The latter has no
 * init, and no monitor of LXC that listens on the command socket.
 */
function isRunning(run: ContainerRun, sockets: () => ReadonlySet<number> | undefined): boolean {
  if (run.processCount === 0 || run.isGone) return false
  if (run.processCount === undefined) return true
  return run.initPid !== undefined || sockets()?.has(run.vmid) !== false
}

const COMMAND_SOCKET = /@\S*\/([1-9]\d{2,8})\/command$/

/** The containers whose LXC monitor listens, read from /proc/net/unix at most once, and only when asked. Undefined: cannot be read. */
function commandSockets(files: HostFiles, proc: string): () => ReadonlySet<number> | undefined {
  let read: { readonly vmids: ReadonlySet<number> | undefined } | undefined
  return () => {
    read ??= { vmids: files.readOnce(`${proc}/net/unix`, parseSockets, OPTIONAL_LIST) }
    return read.vmids
  }
}

function parseSockets({ bytes, length }: KernelText): ReadonlySet<number> {
  const vmids = new Set<number>()
  for (const line of Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1').split('\n')) {
    const vmid = COMMAND_SOCKET.exec(line)?.[1]
    if (vmid !== undefined) vmids.add(Number(vmid))
  }
  return vmids
}
