import { BYTES_PER_MB } from '@lxc-autoscale/core'
import {
  type CgroupLayout,
  type Controller,
  cgroupFiles,
  controllerFolder,
  findCgroupLayout,
  findInitPid,
  flatKeyed,
  type HostFiles,
  type HostRoots,
  isRunning,
  type KernelText,
  type Limits,
  NO_LIMITS,
  OPTIONAL,
  openCpuAllowance,
  openHostFigures,
  openMemory,
  openMemoryLimit,
  openSwapLimit,
  type Parse,
  parsePressure,
  processLists,
} from '@lxc-autoscale/host'

/** The memory of a container as the kernel counts it at this moment, bytes. */
export interface MemoryFacts {
  /** What the kernel cannot reclaim. */
  readonly floorBytes: number
  /** Without page cache, with shared memory. */
  readonly usageBytes: number
}

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

/** Reads the cgroups that carry the limits of the containers (`lxc/<vmid>`), of either version. */
export class CgroupReader {
  readonly #files: HostFiles
  readonly #roots: HostRoots
  #found: CgroupLayout | undefined

  constructor(files: HostFiles, roots: HostRoots) {
    this.#files = files
    this.#roots = roots
  }

  /** Whether processes run in the container; undefined when there is no cgroup file system to ask. */
  isRunning(vmid: number): boolean | undefined {
    const layout = this.#layout()
    return layout && isRunning(this.#files, layout, vmid)
  }

  /** Names this run of the container: another value means it was started again. */
  runId(vmid: number): number | undefined {
    const folder = this.#folder('memory', vmid)
    return folder === undefined ? undefined : this.#files.inode(folder)
  }

  /** The process that is number 1 inside it; undefined when it was not found. */
  initPid(vmid: number): number | undefined {
    const layout = this.#layout()
    return layout && findInitPid(this.#roots.proc, processLists(this.#files, layout, vmid))
  }

  /** What the kernel enforces now. */
  inForce(vmid: number): Limits {
    const layout = this.#layout()
    if (layout === undefined || this.runId(vmid) === undefined) return NO_LIMITS
    const cgroup = cgroupFiles(this.#files, layout, vmid)
    const { cpusetCores, quotaCores } = openCpuAllowance(this.#files, cgroup, () => undefined)()
    return {
      cores: cpusetCores,
      cpuLimit: limitOf(quotaCores),
      memoryMb: megabytes(limitOf(openMemoryLimit(cgroup)())),
      swapMb: megabytes(limitOf(openSwapLimit(cgroup)())),
    }
  }

  /** Undefined when any part of it cannot be read, or cannot be true. */
  memory(vmid: number): MemoryFacts | undefined {
    const layout = this.#layout()
    if (layout === undefined) return undefined
    const { memoryMb } = openHostFigures(this.#files, this.#roots.proc)()
    const hostBytes = memoryMb === undefined ? undefined : memoryMb * BYTES_PER_MB
    const { usedBytes, floorBytes } = openMemory(this.#files, cgroupFiles(this.#files, layout, vmid), () => hostBytes)()
    return usedBytes === undefined || floorBytes === undefined ? undefined : { usageBytes: usedBytes, floorBytes }
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

  /** The trees may be mounted after this daemon has started. */
  #layout(): CgroupLayout | undefined {
    this.#found ??= findCgroupLayout(this.#roots.cgroup)
    return this.#found
  }
}

function asText({ bytes, length }: KernelText): string {
  return Buffer.from(bytes.subarray(0, length)).toString('latin1')
}

function limitOf(value: number | undefined): number | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : value
}

function megabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.round((bytes / BYTES_PER_MB) * 100) / 100
}
