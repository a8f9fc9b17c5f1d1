import {
  BYTES_PER_MB,
  type Clock,
  type CycleSummary,
  type Logger,
  type MemoryEvents,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import { type HostFigures, type HostFiles, MOST_CORES, NO_HOST_FIGURES, openHostFigures } from '@lxc-autoscale/host'
import type { CollectorContext, HostMost } from './collectors/collector.ts'
import { CycleText } from './cycle-text.ts'
import { type CollectError, CycleWatch } from './cycle-watch.ts'
import { isEventful } from './derive/memory-event-totals.ts'
import type { ContainerRun } from './host/container-run.ts'
import type { FilesystemAnswers, FilesystemProbe } from './host/filesystem-probe.ts'
import { type CollectorSettings, isUnknown, MeasuredRun } from './measured-run.ts'
import type { CycleStore, OwnUsage, RunningContainers } from './ports.ts'

/** What a cycle works with. */
export interface CycleParts {
  readonly clock: Clock
  readonly log: Logger
  readonly files: HostFiles
  readonly proc: string
  readonly containers: RunningContainers
  /** Undefined when file systems are not measured. */
  readonly filesystems: Pick<FilesystemProbe, 'ask'> | undefined
  readonly store: CycleStore
  readonly ownUsage: () => OwnUsage
  readonly countsDevice: (device: string) => boolean
  readonly collectors: CollectorSettings
}

/** What one cycle found and did. */
export interface CycleOutcome {
  /** The cycle as it was stored: one line of JSON. Valid until the cycle after the next is measured. */
  readonly line: Uint8Array
  readonly summary: CycleSummary
  readonly isStored: boolean
  readonly bytesWritten: number
  /** Milliseconds by part of the cycle: each collector, `list`, `host`, `filesystem`, `format`, `store`. */
  readonly partMs: ReadonlyMap<string, number>
  /** Figures that are not known, by collector and reason. */
  readonly errors: readonly CollectError[]
  /** What happened to the memory of containers since the cycle before; without those to which nothing did. */
  readonly memoryEvents: ReadonlyMap<number, MemoryEvents>
}

/** A moment as both clocks show it, milliseconds. */
interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** Clocks that NTP slews stay together closer than this. */
const STEP_MS = 1_000

/** Measures all running containers of the host, again and again; pairs each reading with the one before. */
export class Cycle {
  readonly #parts: CycleParts
  readonly #context: CollectorContext
  readonly #readHost: () => HostFigures
  readonly #text = new CycleText()
  #host = NO_HOST_FIGURES
  #hostMost = mostOf(NO_HOST_FIGURES, NO_HOST_FIGURES)
  #filesystems: FilesystemAnswers | undefined
  #runs = new Map<number, MeasuredRun>()
  #previous: Moment | undefined
  #clockEpoch = 0
  #previousUsage: OwnUsage | undefined

  constructor(parts: CycleParts) {
    this.#parts = parts
    this.#readHost = openHostFigures(parts.files, parts.proc)
    this.#context = {
      files: parts.files,
      host: () => this.#host,
      hostMost: () => this.#hostMost,
      filesystems: () => this.#filesystems,
      countsDevice: parts.countsDevice,
      interfacesOf: vmid => parts.containers.configured(vmid)?.interfaces ?? [],
    }
  }

  /**
   * One cycle: list, read, pair with the last cycle, derive, store.
   * @throws {AutoscaleError} HOST_UNREADABLE when it cannot be known which containers run.
   */
  async run(): Promise<CycleOutcome> {
    const start = this.#begin()
    const watch = new CycleWatch(this.#parts.clock, this.#parts.files, this.#clockEpoch)
    const running = await this.#parts.containers.list()
    this.#adopt(running)
    watch.done('list')
    this.#filesystems = await this.#parts.filesystems?.ask(running.flatMap(({ initPid }) => initPid ?? []))
    watch.done('filesystem')
    const host = this.#readHost()
    this.#hostMost = mostOf(this.#host, host)
    this.#host = host
    watch.done('host')
    const { failed, memoryEvents } = this.#measure(start.wallMs, watch)
    const summary = this.#summary(start, failed)
    const line = this.#text.end(summary)
    const { isStored, bytes } = await this.#parts.store.append(line)
    watch.done('store')
    const { partMs, errors } = watch
    return { line, summary, isStored, bytesWritten: bytes, partMs, errors, memoryEvents }
  }

  #begin(): Moment {
    const { clock, log } = this.#parts
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() }
    if (this.#previous !== undefined && isClockStep(this.#previous, now)) {
      this.#clockEpoch++
      log.warn('the clock was set, or the machine slept; rates are not known in this cycle')
    }
    this.#previous = now
    return now
  }

  /** Keeps what is measured of runs that go on, begins with new ones and ends with those that are gone. */
  #adopt(running: readonly ContainerRun[]): void {
    const runs = new Map<number, MeasuredRun>()
    for (const run of running) {
      const known = this.#runs.get(run.vmid)
      const isSame = known?.run === run
      runs.set(run.vmid, isSame ? known : new MeasuredRun(run, this.#context, this.#parts.collectors))
    }
    this.#runs = runs
  }

  /** Gives the number of containers of which nothing could be read, and what happened to the memory of the others. */
  #measure(timestampMs: number, watch: CycleWatch) {
    let failed = 0
    const memoryEvents = new Map<number, MemoryEvents>()
    this.#text.begin()
    for (const [vmid, run] of this.#runs) {
      const sample = run.measure(timestampMs, watch)
      if (isUnknown(sample)) failed++
      if (sample.memoryEvents !== undefined && isEventful(sample.memoryEvents)) {
        memoryEvents.set(vmid, sample.memoryEvents)
      }
      this.#text.add(vmid, sample)
      watch.done('format')
    }
    return { failed, memoryEvents }
  }

  #summary(start: Moment, failedContainers: number): CycleSummary {
    const durationMs = this.#parts.clock.monotonicMs() - start.monotonicMs
    const usage = this.#parts.ownUsage()
    const monitorCpuPercent = ownCpuPercent(this.#previousUsage, usage)
    this.#previousUsage = usage
    return {
      collectionStartMs: start.wallMs,
      // From the monotonic clock, so that it is never before the start.
      collectionEndMs: start.wallMs + durationMs,
      totalContainers: this.#runs.size,
      failedContainers,
      totalDurationSeconds: durationMs / MS_PER_SECOND,
      monitorCpuPercent,
      monitorMemoryUsageMb: usage.rssBytes / BYTES_PER_MB,
      hostCores: this.#host.cores,
      hostMemoryMb: this.#host.memoryMb,
      hostMemoryAvailableMb: this.#host.memoryAvailableMb,
      hostLoad1: this.#host.load1,
    }
  }
}

/**
 * Whether the wall clock and the monotonic clock went apart between two moments: somebody set the time, or the machine
 * slept (the monotonic clock stands still then).
 */
export function isClockStep(previous: Moment, current: Moment): boolean {
  const wallMs = current.wallMs - previous.wallMs
  const monotonicMs = current.monotonicMs - previous.monotonicMs
  return Math.abs(wallMs - monotonicMs) > STEP_MS
}

function mostOf(before: HostFigures, now: HostFigures): HostMost {
  return {
    cores: larger(before.cores, now.cores) ?? MOST_CORES,
    memoryBytes: inBytes(larger(before.memoryMb, now.memoryMb)),
    swapBytes: inBytes(larger(before.swapTotalMb, now.swapTotalMb)),
  }
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}

function inBytes(mb: number | undefined): number | undefined {
  return mb === undefined ? undefined : mb * BYTES_PER_MB
}

/** Of one core. */
function ownCpuPercent(previous: OwnUsage | undefined, current: OwnUsage): number | undefined {
  if (previous === undefined || current.monotonicMs <= previous.monotonicMs) return undefined
  return (100 * (current.cpuMs - previous.cpuMs)) / (current.monotonicMs - previous.monotonicMs)
}
