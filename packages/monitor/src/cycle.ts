import {
  BYTES_PER_MB,
  type Clock,
  type ContainerSample,
  type CycleSummary,
  formatCycle,
  type Logger,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import type { CollectorContext } from './collectors/collector.ts'
import { filesystemMetrics } from './collectors/filesystem.ts'
import { type HostFigures, hostFigures, NO_HOST_FIGURES } from './collectors/host-figures.ts'
import { COLLECTOR_NAMES, type CollectorSwitches, MeasuredRun, toSample } from './collectors/index.ts'
import { isClockStep, type Moment } from './derive/pair-readings.ts'
import type { ContainerRun } from './host/container-run.ts'
import type { FilesystemAnswer, FilesystemProbe } from './host/filesystem-probe.ts'
import type { FileFailure, HostFiles } from './host/host-files.ts'
import type { OwnUsage, RunningContainers, SnapshotStore } from './ports.ts'

/** What a cycle works with. */
export interface CycleParts {
  readonly clock: Clock
  readonly log: Logger
  readonly files: HostFiles
  readonly proc: string
  readonly containers: RunningContainers
  /** Undefined when file systems are not measured. */
  readonly filesystems: FilesystemProbe | undefined
  readonly store: SnapshotStore
  readonly ownUsage: () => OwnUsage
  readonly countsDevice: (device: string) => boolean
  readonly switches: CollectorSwitches
  readonly rollingWindow: number
}

/** What one cycle found and did. */
export interface CycleOutcome {
  readonly samples: ReadonlyMap<number, ContainerSample>
  readonly summary: CycleSummary
  readonly isStored: boolean
  readonly bytesWritten: number
  /** Milliseconds by part of the cycle: each collector, `list`, `filesystem`, `store`. */
  readonly partMs: ReadonlyMap<string, number>
  /** Figures that could not be read, by collector. */
  readonly errors: ReadonlyMap<string, number>
  /** One example of such a figure for each of those collectors. */
  readonly lastFailure: ReadonlyMap<string, FileFailure>
}

/** Measures all running containers of the host, again and again; pairs each reading with the one before. */
export class Cycle {
  readonly #parts: CycleParts
  readonly #context: CollectorContext
  readonly #readHost: () => HostFigures
  #host = NO_HOST_FIGURES
  #runs = new Map<number, MeasuredRun>()
  #previous: Moment | undefined
  #clockEpoch = 0
  #previousUsage: OwnUsage | undefined

  constructor(parts: CycleParts) {
    this.#parts = parts
    this.#readHost = hostFigures(parts.files, parts.proc)
    this.#context = {
      files: parts.files,
      host: () => this.#host,
      countsDevice: parts.countsDevice,
      interfacesOf: vmid => parts.containers.configOf(vmid)?.interfaces ?? [],
    }
  }

  /**
   * One cycle: list, read, pair with the last cycle, derive, store.
   * @throws {AutoscaleError} HOST_UNREADABLE when it cannot be known which containers run.
   */
  async run(): Promise<CycleOutcome> {
    const { clock, filesystems, files } = this.#parts
    const watch = new PartWatch(() => clock.monotonicMs(), files)
    const start = this.#beginCycle()
    const running = await watch.time('list', () => this.#parts.containers.list())
    this.#host = watch.timeSync('host', this.#readHost)
    this.#adopt(running)
    const filesystemAnswers = filesystems?.begin(running.flatMap(({ initPid }) => initPid ?? []))
    this.#measure(watch)
    const answers = await watch.time('filesystem', async () => (await filesystemAnswers?.()) ?? NO_ANSWERS)
    const samples = this.#samples(start.wallMs, answers)
    if (filesystems !== undefined) watch.addErrors('filesystem', countUnknown(running, answers))
    const summary = this.#summary(start, samples)
    const { isStored, bytes } = await watch.time('store', () =>
      this.#parts.store.append(formatCycle({ containers: samples, summary })),
    )
    const { partMs, errors, lastFailure } = watch
    return { samples, summary, isStored, bytesWritten: bytes, partMs, errors, lastFailure }
  }

  close(): void {
    for (const run of this.#runs.values()) run.close()
    this.#runs.clear()
  }

  #beginCycle(): Moment {
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
    const { switches, rollingWindow } = this.#parts
    const runs = new Map<number, MeasuredRun>()
    for (const run of running) {
      const known = this.#runs.get(run.vmid)
      const isSame = known?.run === run
      runs.set(run.vmid, isSame ? known : new MeasuredRun(run, this.#context, switches, rollingWindow))
    }
    for (const [vmid, known] of this.#runs) if (runs.get(vmid) !== known) known.close()
    this.#runs = runs
  }

  #measure(watch: PartWatch): void {
    const timing = { monotonicMs: () => this.#parts.clock.monotonicMs(), clockEpoch: this.#clockEpoch }
    for (const name of COLLECTOR_NAMES) {
      watch.timeSync(name, () => {
        for (const { measurements } of this.#runs.values()) measurements[name].take(timing)
      })
    }
  }

  #samples(timestampMs: number, answers: ReadonlyMap<number, FilesystemAnswer>): ReadonlyMap<number, ContainerSample> {
    const samples = new Map<number, ContainerSample>()
    for (const [vmid, run] of this.#runs) {
      const { initPid } = run.run
      const answer = initPid === undefined ? undefined : answers.get(initPid)
      samples.set(vmid, toSample(run, timestampMs, filesystemMetrics(answer)))
    }
    return samples
  }

  #summary(start: Moment, samples: ReadonlyMap<number, ContainerSample>): CycleSummary {
    const { clock } = this.#parts
    const durationMs = clock.monotonicMs() - start.monotonicMs
    const usage = this.#parts.ownUsage()
    const cpuPercent = ownCpuPercent(this.#previousUsage, usage)
    this.#previousUsage = usage
    return {
      collectionStartMs: start.wallMs,
      // From the monotonic clock, so that it is never before the start.
      collectionEndMs: start.wallMs + durationMs,
      totalContainers: samples.size,
      failedContainers: [...samples.values()].filter(isUnknown).length,
      totalDurationSeconds: durationMs / MS_PER_SECOND,
      monitorCpuPercent: cpuPercent,
      monitorMemoryUsageMb: usage.rssBytes / BYTES_PER_MB,
      hostCores: this.#host.cores,
      hostMemoryMb: this.#host.memoryMb,
      hostMemoryAvailableMb: this.#host.memoryAvailableMb,
      hostLoad1: this.#host.load1,
    }
  }
}

const NO_ANSWERS: ReadonlyMap<number, FilesystemAnswer> = new Map()

function countUnknown(running: readonly ContainerRun[], answers: ReadonlyMap<number, FilesystemAnswer>): number {
  return running.filter(({ initPid }) => {
    const answer = initPid === undefined ? 'failed' : answers.get(initPid)
    return answer === undefined || typeof answer === 'string'
  }).length
}

/** No figure of it at all could be read. */
function isUnknown({
  cpuCores,
  memoryUsageMb,
  memoryLimitMb,
  processCount,
  ioStats,
  networkUsage,
}: ContainerSample): boolean {
  return [cpuCores, memoryUsageMb, memoryLimitMb, processCount, ioStats, networkUsage].every(
    figure => figure === undefined,
  )
}

/** Of one core. */
function ownCpuPercent(previous: OwnUsage | undefined, current: OwnUsage): number | undefined {
  if (previous === undefined || current.monotonicMs <= previous.monotonicMs) return undefined
  return (100 * (current.cpuMs - previous.cpuMs)) / (current.monotonicMs - previous.monotonicMs)
}

/** Takes the time and counts the failed reads of each part of a cycle. */
class PartWatch {
  readonly partMs = new Map<string, number>()
  readonly errors = new Map<string, number>()
  readonly lastFailure = new Map<string, FileFailure>()
  readonly #nowMs: () => number
  readonly #files: HostFiles

  constructor(nowMs: () => number, files: HostFiles) {
    this.#nowMs = nowMs
    this.#files = files
  }

  timeSync<Result>(part: string, work: () => Result): Result {
    const startMs = this.#nowMs()
    const { failures } = this.#files
    const result = work()
    this.#note(part, startMs, failures)
    return result
  }

  async time<Result>(part: string, work: () => Promise<Result>): Promise<Result> {
    const startMs = this.#nowMs()
    const { failures } = this.#files
    const result = await work()
    this.#note(part, startMs, failures)
    return result
  }

  addErrors(part: string, count: number): void {
    if (count > 0) this.errors.set(part, (this.errors.get(part) ?? 0) + count)
  }

  #note(part: string, startMs: number, failures: number): void {
    this.partMs.set(part, this.#nowMs() - startMs)
    const failed = this.#files.failures - failures
    this.addErrors(part, failed)
    if (failed > 0 && this.#files.lastFailure !== undefined) this.lastFailure.set(part, this.#files.lastFailure)
  }
}
