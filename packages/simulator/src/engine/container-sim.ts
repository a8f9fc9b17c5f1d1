import { BYTES_PER_MB, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import { containerCgroup, type HostPaths } from '../files/host-paths.ts'
import type { HostClock, Run } from '../host/runs.ts'
import { parseCpuList } from '../kernel/cpu-list.ts'
import { readFirstLine, readLimit, writeKernelFile } from '../kernel/kernel-file.ts'
import { readMemory } from '../kernel/memory-files.ts'
import type { MemoryLimits } from '../kernel/reclaim.ts'
import type { Demand } from '../workload/demand.ts'
import { type InnerLimit, readWorkload } from '../workload/workload.ts'
import { type DemandSource, demandSource } from '../workload/workload-source.ts'
import { type ContainerPlace, type ContainerState, kernelTexts, readContainerState } from './container-state.ts'
import { HOST_DISK } from './host-figures.ts'
import { type CpuAllowance, cappedCores, stepContainer } from './step-container.ts'

/** How long a killed main process is away before its supervisor starts it again, in real time. */
const RESTART_MS = 3_000
const MEMORY_FILES = /\/memory\.(stat|events|events\.local|current)$/

/** Limits as the kernel files give them now. */
interface Limits {
  readonly memory: MemoryLimits
  readonly cpusetCores: number
  readonly quotaCores: number
  readonly weight: number
}

/** What a container would like to do in the coming step. */
export interface Intent {
  readonly demand: Demand
  readonly limits: Limits
  /** How often a process is killed within a limit inside the container. */
  readonly innerKills: number
  /** Cores it would use if the host had them, and its weight. */
  readonly claim: { readonly wantedCores: number; readonly weight: number }
}

/** One run of a container: holds its figures between steps and keeps its kernel files in line with them. */
export class ContainerSim {
  readonly vmid: number
  #run: Run
  readonly #place: ContainerPlace
  readonly #demand: DemandSource
  readonly #innerLimit: InnerLimit | undefined
  #state: ContainerState
  #written: ReadonlyMap<string, string>

  /** @throws {Error} when the container's workload cannot be read. */
  constructor(paths: HostPaths, run: Run) {
    this.vmid = run.vmid
    this.#run = run
    this.#place = {
      cgroup: containerCgroup(paths, run.vmid),
      initProcess: `${paths.proc}/${run.initPid}`,
      device: HOST_DISK.number,
    }
    const workload = readWorkload(paths, run.vmid)
    this.#demand = demandSource(workload)
    this.#innerLimit = workload.innerLimit
    this.#state = readContainerState(this.#place)
    this.#written = new Map()
  }

  get run(): Run {
    return this.#run
  }

  get state(): ContainerState {
    return this.#state
  }

  /** Takes over what a command changed: the run after it killed the workload, the memory after it lowered the limit. */
  refresh(run: Run): void {
    this.#run = run
  }

  /** What the container wants during a step that ends at `clock`, the workload's time that it lasts; undefined when it has just gone. */
  intend(clock: HostClock, workloadElapsedMs: number, addedMb = 0): Intent | undefined {
    const limits = readLimits(this.#place.cgroup)
    if (limits === undefined) return undefined
    this.#takeOverMemory()
    const usual = this.#demandAt(clock)
    const demand = { ...usual, anonMb: usual.anonMb + addedMb }
    return {
      demand,
      limits,
      innerKills: this.#innerKillsUntil(clock, workloadElapsedMs),
      claim: { wantedCores: Math.min(demand.cpuCores, cappedCores(limits)), weight: limits.weight },
    }
  }

  /** Moves the figures; gives how many processes were killed for want of memory. */
  step(intent: Intent, grantedCores: number, elapsedMs: number): number {
    const cpu: CpuAllowance = {
      cpusetCores: intent.limits.cpusetCores,
      quotaCores: intent.limits.quotaCores,
      grantedCores: isBelowItsWish(intent, grantedCores) ? grantedCores : Number.POSITIVE_INFINITY,
    }
    const before = this.#state.memoryEvents.oomKill
    this.#state = stepContainer(this.#state, {
      elapsedMs,
      demand: intent.demand,
      cpu,
      limits: intent.limits.memory,
      innerKills: intent.innerKills,
    })
    return this.#state.memoryEvents.oomKill - before
  }

  /** Writes the kernel files whose text changed. */
  write(): void {
    const texts = kernelTexts(this.#place, this.#state)
    for (const [path, text] of texts) {
      if (this.#written.get(path) !== text && !writeKernelFile(path, text)) return
    }
    this.#written = texts
  }

  /** A command that lowers a limit writes the memory files itself, as the kernel would do within that write. */
  #takeOverMemory(): void {
    const expected = this.#written.get(`${this.#place.cgroup}/memory.current`)
    if (expected === undefined || readFirstLine(`${this.#place.cgroup}/memory.current`) === expected.trimEnd()) return
    this.#state = { ...this.#state, ...readMemory(this.#place.cgroup) }
    this.#written = new Map([...this.#written].filter(([path]) => !MEMORY_FILES.test(path)))
  }

  #innerKillsUntil({ workloadMs }: HostClock, elapsedMs: number): number {
    if (this.#innerLimit === undefined) return 0
    const everyMs = this.#innerLimit.killEverySeconds * MS_PER_SECOND
    return Math.floor(workloadMs / everyMs) - Math.floor((workloadMs - elapsedMs) / everyMs)
  }

  #demandAt({ uptimeMs, workloadMs }: HostClock): Demand {
    const { workloadSinceMs, workloadUptimeMs, startedAtSeconds } = this.#run
    const demand = this.#demand({
      seconds: workloadMs / MS_PER_SECOND,
      sinceStartSeconds: Math.max(0, workloadMs - workloadSinceMs) / MS_PER_SECOND,
    })
    const wasKilled = workloadUptimeMs > startedAtSeconds * MS_PER_SECOND
    const isAway = wasKilled && uptimeMs - workloadUptimeMs < RESTART_MS
    return isAway ? { ...demand, cpuCores: 0.02, anonMb: this.#state.memory.anon / BYTES_PER_MB } : demand
  }
}

/** A claim that was met in full is no limit: the demand may still be above what the container itself is allowed. */
function isBelowItsWish({ claim }: Intent, grantedCores: number): boolean {
  return grantedCores < claim.wantedCores - 1e-9
}

function readLimits(cgroup: string): Limits | undefined {
  const max = readLimit(`${cgroup}/memory.max`)
  const cpuset = readFirstLine(`${cgroup}/cpuset.cpus.effective`)
  if (max === undefined || cpuset === undefined) return undefined
  const [quota, period] = (readFirstLine(`${cgroup}/cpu.max`) ?? 'max 100000').split(' ')
  return {
    memory: {
      max,
      high: readLimit(`${cgroup}/memory.high`) ?? Number.POSITIVE_INFINITY,
      swapMax: readLimit(`${cgroup}/memory.swap.max`) ?? 0,
    },
    cpusetCores: parseCpuList(cpuset).length,
    quotaCores: quota === 'max' ? Number.POSITIVE_INFINITY : Number(quota) / Number(period ?? 100_000),
    weight: readLimit(`${cgroup}/cpu.weight`) ?? 100,
  }
}
