import { BYTES_PER_MB, type Clock } from '@lxc-autoscale/core'
import {
  type CgroupLayout,
  type Controller,
  controllerFolder,
  findCgroupLayout,
  findInitPid,
  flatKeyed,
  type HostFiles,
  type HostRoots,
  type HostSize,
  isRunning,
  type KernelText,
  type Limits,
  NO_LIMITS,
  OPTIONAL,
  openHostFigures,
  type Parse,
  parsePressure,
  processLists,
} from '@lxc-autoscale/host'
import { ContainerCgroup, type MemoryFacts } from './container-cgroup.ts'

/** Signs that a container is short of memory. Undefined: not known; of cgroup v1 both are not. */
export interface MemoryTrouble {
  /** How often it was out of memory at its own limit, since it was started. */
  readonly ooms: number | undefined
  /** Share of the last ten seconds in which all its processes waited for memory. */
  readonly stalledPercent: number | undefined
}

/** Of both versions, first those that `pct` writes first. Source: PVE::CGroup, change_memory_limit. */
const MEMORY_LIMITS = ['memory.high', 'memory.max', 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']

const parseOoms = flatKeyed(['oom'])

/** How long the memory of the host is taken for the same: it is only the bound of what can be true, and dear to read. */
const HOST_KEPT_MS = 1_000

/** What is seen of a container in its cgroup. */
export interface SeenCgroup {
  /** Undefined when there is no cgroup file system to ask. */
  readonly isRunning: boolean | undefined
  /** Names this run of the container: another value means it was started again. Undefined when it has no cgroup. */
  readonly runId: number | undefined
  /** What the kernel enforces now. */
  readonly inForce: Limits
}

/** Those that were looked at, by container; they outlive a configuration. */
export type OpenCgroups = Map<number, ContainerCgroup>

export interface CgroupReaderParts {
  readonly files: HostFiles
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly openCgroups: OpenCgroups
}

/** Reads the cgroups that carry the limits of the containers (`lxc/<vmid>`), of either version. */
export class CgroupReader {
  readonly #files: HostFiles
  readonly #roots: HostRoots
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #readHost: () => HostSize
  #host: { readonly bytes: number | undefined; readonly readMs: number } | undefined
  #found: CgroupLayout | undefined
  readonly #open: OpenCgroups

  constructor({ files, clock, openCgroups }: CgroupReaderParts, roots: HostRoots) {
    this.#files = files
    this.#roots = roots
    this.#clock = clock
    this.#open = openCgroups
    this.#readHost = openHostFigures(files, roots.proc)
  }

  see(vmid: number): SeenCgroup {
    const layout = this.#layout()
    const cgroup = this.#cgroup(vmid)
    if (layout === undefined || cgroup === undefined) {
      return { isRunning: layout && isRunning(this.#files, layout, vmid), runId: undefined, inForce: NO_LIMITS }
    }
    return { isRunning: cgroup.isRunning, runId: cgroup.runId, inForce: cgroup.inForce() }
  }

  /** The process that is number 1 inside it; undefined when it was not found. */
  initPid(vmid: number): number | undefined {
    const layout = this.#layout()
    return layout && findInitPid(this.#roots.proc, processLists(this.#files, layout, vmid))
  }

  /**
   * Undefined when any part of it cannot be read, or cannot be true. `runId`: of the run that was seen a moment ago, which is
   * not looked for again.
   */
  memory(vmid: number, runId?: number): MemoryFacts | undefined {
    const seen = this.#open.get(vmid)
    const isSeen = runId !== undefined && seen?.runId === runId
    return (isSeen ? seen : this.#cgroup(vmid))?.memory()
  }

  /** Lets go of the files of all other containers. */
  keepOnly(kept: ReadonlySet<number>): void {
    for (const vmid of this.#open.keys()) if (!kept.has(vmid)) this.#close(vmid)
  }

  /**
   * What holds the memory of a container down, as the kernel shows it: another text means that somebody has begun to move its
   * limits. Undefined when it does not run.
   */
  memoryHold(vmid: number): string | undefined {
    const folder = this.#folder('memory', vmid)
    const texts = MEMORY_LIMITS.map(name => folder && this.#files.readOnce(`${folder}/${name}`, asText, OPTIONAL))
    return texts.some(text => text !== undefined) ? texts.join() : undefined
  }

  trouble(vmid: number): MemoryTrouble {
    const layout = this.#layout()
    if (layout?.kind !== 'unified') return { ooms: undefined, stalledPercent: undefined }
    const read = <Value>(name: string, parse: Parse<Value>) =>
      this.#files.readOnce(`${layout.root}/lxc/${vmid}/${name}`, parse, OPTIONAL)
    // Kernels before 5.2 do not tell the limit of the container from those inside it.
    const [ooms] = read('memory.events.local', parseOoms) ?? read('memory.events', parseOoms) ?? []
    return { ooms, stalledPercent: read('memory.pressure', parsePressure)?.fullPercent }
  }

  #folder(controller: Controller, vmid: number): string | undefined {
    const layout = this.#layout()
    return layout && controllerFolder(layout, controller, vmid)
  }

  /** That of its run at this moment; undefined when it has none. */
  #cgroup(vmid: number): ContainerCgroup | undefined {
    const layout = this.#layout()
    const folder = this.#folder('memory', vmid)
    const runId = folder === undefined ? undefined : this.#files.inode(folder)
    if (layout === undefined || folder === undefined || runId === undefined) {
      this.#close(vmid)
      return undefined
    }
    const known = this.#open.get(vmid)
    if (known?.isStill({ folder, runId })) return known
    this.#close(vmid)
    const cgroup = new ContainerCgroup(this.#files, { vmid, layout, folder, runId }, () => this.#hostBytes())
    this.#open.set(vmid, cgroup)
    return cgroup
  }

  #close(vmid: number): void {
    this.#open.get(vmid)?.close()
    this.#open.delete(vmid)
  }

  #hostBytes(): number | undefined {
    const readMs = this.#clock.monotonicMs()
    if (this.#host === undefined || readMs - this.#host.readMs > HOST_KEPT_MS) {
      const { memoryMb } = this.#readHost()
      this.#host = { bytes: memoryMb === undefined ? undefined : memoryMb * BYTES_PER_MB, readMs }
    }
    return this.#host.bytes
  }

  /** The trees may be mounted after this daemon has started. */
  #layout(): CgroupLayout | undefined {
    this.#found ??= findCgroupLayout(this.#roots.cgroup)
    return this.#found
  }
}

function asText({ bytes, length }: KernelText): string {
  return Buffer.from(bytes.subarray(0, length)).toString('latin1')
}
