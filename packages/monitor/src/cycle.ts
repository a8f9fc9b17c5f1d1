import {
  BYTES_PER_MB,
  type Clock,
  type CycleSummary,
  formatSample,
  formatSummary,
  formatTime,
  type Logger,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import type { FileFailure, HostFiles } from '@lxc-autoscale/host'
import type { CollectorContext } from './collectors/collector.ts'
import { type FilesystemMetrics, filesystemMetrics } from './collectors/filesystem.ts'
import { type HostFigures, hostFigures, NO_HOST_FIGURES } from './collectors/host-figures.ts'
import { type CollectorSettings, isUnknown, MeasuredRun } from './collectors/index.ts'
import { CycleText } from './cycle-text.ts'
import { CycleWatch } from './cycle-watch.ts'
import { isClockStep, type Moment } from './derive/pair-readings.ts'
import type { ContainerRun } from './host/container-run.ts'
import type { FilesystemAnswers, FilesystemProbe } from './host/filesystem-probe.ts'
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
  readonly collectors: CollectorSettings
}

/** What one cycle found and did. */
export interface CycleOutcome {
  /** The element as it was stored: one line of JSON. Valid until the cycle after the next is measured. */
  readonly line: Uint8Array
  readonly summary: CycleSummary
  readonly isStored: boolean
  readonly bytesWritten: number
  /** Milliseconds by part of the cycle: each collector, `list`, `host`, `filesystem`, `format`, `store`. */
  readonly partMs: ReadonlyMap<string, number>
  /** Figures that could not be read, by collector, each with one example. */
  readonly errors: ReadonlyMap<string, CollectErrors>
}

/** Figures that one collector could not read. */
export interface CollectErrors {
  readonly count: number
  readonly example: FileFailure | undefined
}

/** Measures all running containers of the host, again and again; pairs each reading with the one before. */
export class Cycle {
  readonly #parts: CycleParts
  readonly #context: CollectorContext
  readonly #readHost: () => HostFigures
  readonly #text = new CycleText()
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
    const start = this.#begin()
    const watch = new CycleWatch(this.#parts.clock, this.#parts.files, this.#clockEpoch)
    const running = await this.#parts.containers.list()
    this.#adopt(running)
    watch.done('list')
    const answers = await this.#askFilesystems(running, watch)
    this.#host = this.#readHost()
    watch.done('host')
    const failed = this.#measure(start.wallMs, answers, watch)
    const summary = this.#summary(start, failed)
    this.#text.add(formatSummary(summary))
    const line = this.#text.end()
    const { isStored, bytes } = await this.#parts.store.append(line)
    watch.done('store')
    return { line, summary, isStored, bytesWritten: bytes, partMs: watch.partMs, errors: watch.errors }
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

  async #askFilesystems(running: readonly ContainerRun[], watch: CycleWatch): Promise<FilesystemAnswers | undefined> {
    const answers = await this.#parts.filesystems?.ask(running.flatMap(({ initPid }) => initPid ?? []))
    watch.done('filesystem')
    return answers
  }

  /** Gives the number of containers of which nothing could be read. */
  #measure(timestampMs: number, answers: FilesystemAnswers | undefined, watch: CycleWatch): number {
    let failed = 0
    const timestamp = formatTime(timestampMs)
    this.#text.begin()
    for (const [vmid, run] of this.#runs) {
      const filesystem = answers === undefined ? undefined : filesystemOf(run.run, answers, watch)
      const sample = run.measure(timestampMs, filesystem, watch)
      if (isUnknown(sample)) failed++
      this.#text.add(formatSample(vmid, sample, timestamp))
      watch.done('format')
    }
    return failed
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

/** Undefined when it did not answer, which is counted. */
function filesystemOf(
  { vmid, initPid }: ContainerRun,
  answers: FilesystemAnswers,
  watch: CycleWatch,
): FilesystemMetrics | undefined {
  const answer = initPid === undefined ? 'no init' : answers.of(initPid)
  if (typeof answer !== 'string') return filesystemMetrics(answer)
  watch.addError('filesystem', { path: `root file system of ${vmid}`, code: answer })
  return undefined
}

/** Of one core. */
function ownCpuPercent(previous: OwnUsage | undefined, current: OwnUsage): number | undefined {
  if (previous === undefined || current.monotonicMs <= previous.monotonicMs) return undefined
  return (100 * (current.cpuMs - previous.cpuMs)) / (current.monotonicMs - previous.monotonicMs)
}
