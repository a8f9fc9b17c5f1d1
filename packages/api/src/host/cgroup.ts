import { BYTES_PER_MB } from '@lxc-autoscale/core'
import { type Limits, NO_LIMITS } from './allocation.ts'
import type { HostFiles } from './host-files.ts'
import { memoryFloorBytes } from './memory-floor.ts'

/** The memory of a container as the kernel counts it at this moment, bytes. */
export interface MemoryFacts {
  /** What the kernel cannot reclaim. */
  readonly floorBytes: number
  /** Without page cache, with shared memory. */
  readonly usageBytes: number
}

/** A quota of this many bytes or more is what cgroup v1 shows for "no limit". */
const V1_UNLIMITED_BYTES = 2 ** 60

/** Reads the cgroups that carry the limits of the containers (`lxc/<vmid>`), of either version. */
export class CgroupReader {
  readonly #files: HostFiles
  readonly #root: string
  /** Whether the host has the unified hierarchy, as Proxmox VE 7 and later have by default. */
  readonly isUnified: boolean

  constructor(files: HostFiles, root: string) {
    this.#files = files
    this.#root = root
    this.isUnified = files.inode(`${root}/cgroup.controllers`) !== undefined
  }

  /** Whether processes run in the container; undefined when there is no cgroup file system to ask. */
  isRunning(vmid: number): boolean | undefined {
    const events = this.#files.readText(`${this.#root}/lxc/${vmid}/cgroup.events`)
    if (events !== undefined) return /^populated 1$/m.test(events)
    if (this.isUnified) return false
    if (this.#files.inode(this.#controller('memory')) === undefined) return undefined
    return this.processes(vmid).length > 0
  }

  /** Names this run of the container: another value means it was started again. */
  runId(vmid: number): number | undefined {
    return this.#files.inode(this.#limits(vmid, 'memory'))
  }

  /** Numbers of processes that can be its init: those of `ns/init.scope` (systemd), else of `ns`, else of the whole. */
  processes(vmid: number): readonly number[] {
    const outer = this.#limits(vmid, 'memory')
    for (const group of [`${outer}/ns/init.scope`, `${outer}/ns`, outer]) {
      const pids = numbers(this.#files.readText(`${group}/cgroup.procs`))
      if (pids.length > 0) return pids
    }
    return []
  }

  /** What the kernel enforces now. */
  inForce(vmid: number): Limits {
    if (this.#files.inode(this.#limits(vmid, 'memory')) === undefined) return NO_LIMITS
    return this.isUnified ? this.#inForceUnified(vmid) : this.#inForceV1(vmid)
  }

  /** Undefined when any part of it cannot be read. */
  memory(vmid: number): MemoryFacts | undefined {
    const directory = this.#limits(vmid, 'memory')
    const stat = parseFlatKeyed(this.#files.readText(`${directory}/memory.stat`) ?? '')
    const isUnified = this.isUnified
    const usage = this.#bytes(`${directory}/${isUnified ? 'memory.current' : 'memory.usage_in_bytes'}`)
    const kernel = isUnified ? undefined : this.#bytes(`${directory}/memory.kmem.usage_in_bytes`)
    const floorBytes = memoryFloorBytes({ stat, isUnified, kernelBytes: kernel })
    const cache = stat.get(isUnified ? 'file' : 'total_cache')
    const shared = stat.get(isUnified ? 'shmem' : 'total_shmem') ?? 0
    if (usage === undefined || floorBytes === undefined || cache === undefined) return undefined
    return { floorBytes, usageBytes: Math.max(0, usage - cache + shared) }
  }

  #inForceUnified(vmid: number): Limits {
    const directory = `${this.#root}/lxc/${vmid}`
    return {
      cores: cpuCount(this.#files.readText(`${directory}/cpuset.cpus.effective`)),
      cpuLimit: quotaCores(this.#files.readText(`${directory}/cpu.max`)),
      memoryMb: megabytes(this.#bytes(`${directory}/memory.max`)),
      swapMb: megabytes(this.#bytes(`${directory}/memory.swap.max`)),
    }
  }

  #inForceV1(vmid: number): Limits {
    const memory = this.#limits(vmid, 'memory')
    const cpu = this.#limits(vmid, 'cpu')
    const limitBytes = this.#bytes(`${memory}/memory.limit_in_bytes`)
    const withSwapBytes = this.#bytes(`${memory}/memory.memsw.limit_in_bytes`)
    const quotaUsec = Number(this.#files.readText(`${cpu}/cpu.cfs_quota_us`) ?? Number.NaN)
    const periodUsec = Number(this.#files.readText(`${cpu}/cpu.cfs_period_us`) ?? Number.NaN)
    const hasSwapLimit = limitBytes !== undefined && withSwapBytes !== undefined
    return {
      cores: cpuCount(this.#files.readText(`${this.#limits(vmid, 'cpuset')}/cpuset.cpus`)),
      cpuLimit: quotaUsec > 0 && periodUsec > 0 ? quotaUsec / periodUsec : undefined,
      memoryMb: megabytes(limitBytes),
      swapMb: hasSwapLimit ? megabytes(withSwapBytes - limitBytes) : undefined,
    }
  }

  #limits(vmid: number, controller: string): string {
    return this.isUnified ? `${this.#root}/lxc/${vmid}` : `${this.#controller(controller)}/lxc/${vmid}`
  }

  #controller(name: string): string {
    const joined = `${this.#root}/cpu,cpuacct`
    const hasOwn = name !== 'cpu' || this.#files.inode(`${this.#root}/cpu`) !== undefined
    return hasOwn ? `${this.#root}/${name}` : joined
  }

  /** Undefined when the file is not there or says `max`. */
  #bytes(path: string): number | undefined {
    const text = this.#files.readText(path)?.trim()
    if (text === undefined || !/^\d+$/.test(text)) return undefined
    const bytes = Number(text)
    return bytes >= V1_UNLIMITED_BYTES ? undefined : bytes
  }
}

/** `key value` lines. */
function parseFlatKeyed(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [key, value] = line.split(' ')
    if (key && value !== undefined && /^\d+$/.test(value)) values.set(key, Number(value))
  }
  return values
}

function numbers(text: string | undefined): number[] {
  return (text ?? '')
    .split('\n')
    .filter(line => /^\d+$/.test(line))
    .map(Number)
}

/** How many CPUs a list such as `0-2,5` names; undefined when it names none. */
export function cpuCount(text: string | undefined): number | undefined {
  let count = 0
  for (const part of (text ?? '').trim().split(',')) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (first !== undefined) count += Number(last ?? first) - Number(first) + 1
  }
  return count === 0 ? undefined : count
}

/** `cpu.max`: quota and period in microseconds. */
function quotaCores(text: string | undefined): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)/.exec(text ?? '') ?? []
  return quota === undefined || Number(period) === 0 ? undefined : Number(quota) / Number(period)
}

function megabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.round((bytes / BYTES_PER_MB) * 100) / 100
}
