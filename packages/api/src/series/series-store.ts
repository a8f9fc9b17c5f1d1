import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AutoscaleError,
  type Clock,
  errorMessage,
  type Logger,
  type ModelStatus,
  parseVmid,
  type SeriesBody,
  type Spark,
  systemErrorCode,
} from '@lxc-autoscale/core'
import type { NewSample } from '@lxc-autoscale/host'
import type { SampleKeeper } from '../host/metrics-feed.ts'
import { AnomalyLog } from './anomaly-log.ts'
import { FIGURE_COUNT, FIGURES } from './columns.ts'
import { ContainerSeries } from './container-series.ts'
import { JoinedSteps, type SeriesColumns } from './joined-steps.ts'
import { type AskedSpan, planSteps, type StepPlan } from './plan-steps.ts'
import { RECENT_CYCLES, RecentSamples } from './recent-samples.ts'
import { MINUTES, RingFile, TEN_MINUTES } from './ring-file.ts'
import { SparkRing } from './spark-ring.ts'

const FOLDER = 'series'
/** So many minutes are looked at when it starts: as far back as sparklines reach. */
const RESTORED_SLOTS = 240
/** Files that are read or written at once. */
const AT_ONCE = 16
/** A file of which no record can be in reach any more. */
const KEPT_MS = TEN_MINUTES.slots * TEN_MINUTES.stepMs
/** More than a host has containers; the files of those that are gone for longest go first. */
const MOST_FILES = 2_000
/** So much of the time that a file was kept for must be in another, or the clock was set and no such time has passed. */
const LEAST_PROOF_SLOTS = TEN_MINUTES.slots / 2
const MOST_PROOFS = 5
const SLOTS_PER_TEN = TEN_MINUTES.stepMs / MINUTES.stepMs

export interface SeriesStoreParts {
  /** Of the state of the API; a folder in it is this one's. */
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The history of all containers: the last samples in memory, minutes and ten minutes in a file for each container. It is
 * written once in ten minutes; what a killed process had not written yet is in the metrics file. That it cannot be written
 * hurts nobody but those who want to look at it later.
 */
export class SeriesStore implements SampleKeeper {
  readonly #folder: string
  readonly #clock: Clock
  readonly #log: Logger
  readonly #containers = new Map<number, ContainerSeries>()
  readonly #recent = new RecentSamples()
  readonly #anomalies: AnomalyLog
  readonly #figures = new Float64Array(FIGURE_COUNT)
  /** When each file was written last. */
  readonly #files = new Map<number, number>()
  #status: () => ModelStatus | undefined = () => undefined
  #intervalMs: number | undefined
  #isCatchingUp = true
  #newestSlot = Number.NEGATIVE_INFINITY
  /** Ten minutes that have begun, and all before them is saved. */
  #savedTen: number | undefined
  #problem: string | undefined

  private constructor({ directory, clock, log }: SeriesStoreParts) {
    this.#folder = join(directory, FOLDER)
    this.#clock = clock
    this.#log = log
    this.#anomalies = new AnomalyLog(this.#folder)
  }

  /** Takes what an earlier process kept. Never rejects because of the disk. */
  static async open(parts: SeriesStoreParts): Promise<SeriesStore> {
    const store = new SeriesStore(parts)
    await store.#attempt([() => store.#restore()])
    return store
  }

  /** Where what the model wrote down last comes from. */
  use(status: () => ModelStatus | undefined): void {
    this.#status = status
  }

  add(samples: readonly NewSample[], intervalMs: number | undefined): boolean {
    this.#intervalMs = intervalMs
    if (samples.length === 0) return false
    const timeMs = Math.max(...samples.map(({ sample }) => sample.timestampMs))
    this.#recent.begin(timeMs)
    this.#newestSlot = Math.floor(timeMs / MINUTES.stepMs)
    for (const { vmid, sample } of samples) {
      for (let place = 0; place < FIGURE_COUNT; place++) this.#figures[place] = FIGURES[place]?.(sample) ?? Number.NaN
      this.#recent.add(vmid, this.#figures)
      this.#container(vmid).add(sample.timestampMs, this.#figures, this.#isCatchingUp)
    }
    return this.#isDue()
  }

  async settle(isAtEnd: boolean): Promise<void> {
    if (isAtEnd) this.#isCatchingUp = false
    this.#anomalies.watch(this.#status(), this.#clock.nowMs())
    if (this.#isDue()) await this.save()
    else if (this.#anomalies.isChanged) await this.#attempt([() => this.#anomalies.save()])
  }

  /** Writes what is not on the disk yet, but for the minute that is not over. Never rejects because of the disk. */
  async save(): Promise<void> {
    this.#savedTen = Math.floor(this.#newestSlot / SLOTS_PER_TEN)
    const nowMs = this.#clock.nowMs()
    for (const series of this.#containers.values()) if (series.newestSlot !== this.#newestSlot) series.endMinute()
    const unsaved = [...this.#containers].filter(([, series]) => series.isUnsaved)
    const writes = unsaved.map(([vmid, series]) => async () => {
      const records = series.unsaved()
      await this.#file(vmid).write(records)
      series.saved(records)
      this.#files.set(vmid, nowMs)
    })
    if (writes.length > 0) {
      // Somebody may have removed it; why it cannot be made the writes say.
      await this.#makeFolder().catch(() => undefined)
      await this.#attempt([...writes, () => this.#anomalies.save(), () => this.#removeOld(nowMs)])
    }
    this.#recent.forgetGone()
    for (const [vmid, { newestSlot }] of this.#containers) {
      if (Math.abs(newestSlot - this.#newestSlot) > RESTORED_SLOTS) this.#containers.delete(vmid)
    }
  }

  /** The steps of a sparkline up to the one that ends at `endMs`, by container. */
  sparks(vmids: readonly number[], endMs: number): Record<string, Spark> {
    const empty = new SparkRing()
    return Object.fromEntries(
      vmids.map(vmid => [String(vmid), this.#containers.get(vmid)?.spark(endMs) ?? empty.spark(endMs)]),
    )
  }

  /** What was measured of a container. @throws {AutoscaleError} HOST_UNREADABLE when its file cannot be read */
  async series(vmid: number, asked: AskedSpan): Promise<SeriesColumns & Pick<SeriesBody, 'anomalies'>> {
    const nowMs = this.#clock.nowMs()
    const samplesSinceMs = this.#samplesSinceMs(vmid, nowMs)
    const plan = planSteps(asked, { nowMs, intervalMs: this.#intervalMs, samplesSinceMs })
    const steps = new JoinedSteps(plan)
    if (plan.source === 'samples') this.#recent.read(vmid, (timeMs, figures) => steps.addSample(timeMs, figures))
    else await this.#readKept(vmid, plan, steps)
    const endMs = plan.startMs + plan.count * plan.stepMs
    return { ...steps.columns(), anomalies: this.#anomalies.between(vmid, plan.startMs, endMs) }
  }

  /**
   * How far back the samples reach: not further than they do at the interval of now, which was longer once, perhaps; and further
   * than there are any where there was nothing to sample.
   */
  #samplesSinceMs(vmid: number, nowMs: number): number | undefined {
    const oldestMs = this.#recent.sinceMs
    const oldestSlot = this.#containers.get(vmid)?.oldestSlot
    if (oldestMs === undefined || oldestSlot === undefined) return oldestMs
    const sinceMs = Math.max(oldestMs, nowMs - RECENT_CYCLES * (this.#intervalMs ?? 0))
    const isAll = oldestSlot >= Math.floor(sinceMs / MINUTES.stepMs)
    return isAll ? Math.min(sinceMs, nowMs - RESTORED_SLOTS * MINUTES.stepMs) : sinceMs
  }

  async #readKept(vmid: number, { source, startMs, stepMs, count }: StepPlan, steps: JoinedSteps): Promise<void> {
    const isFine = source === 'minutes'
    const tier = isFine ? MINUTES : TEN_MINUTES
    const endMs = Math.min(startMs + count * stepMs, this.#clock.nowMs() + tier.stepMs)
    const span = [Math.floor(startMs / tier.stepMs), Math.floor(endMs / tier.stepMs)] as const
    const inMemory = new Map<number, Float64Array>()
    const series = this.#containers.get(vmid)
    if (isFine) series?.minutes(span, (slot, values) => inMemory.set(slot, values))
    else series?.tens(span, (slot, values) => inMemory.set(slot, values))
    try {
      await this.#file(vmid).read(tier, span, (slot, values) => {
        if (!inMemory.has(slot)) steps.addKept(slot * tier.stepMs, values)
      })
    } catch (error) {
      throw new AutoscaleError('HOST_UNREADABLE', `${this.#file(vmid).path}: ${errorMessage(error)}`, { cause: error })
    }
    for (const [slot, values] of inMemory) steps.addKept(slot * tier.stepMs, values)
  }

  #isDue(): boolean {
    return (
      this.#newestSlot !== Number.NEGATIVE_INFINITY && Math.floor(this.#newestSlot / SLOTS_PER_TEN) !== this.#savedTen
    )
  }

  #container(vmid: number): ContainerSeries {
    const known = this.#containers.get(vmid)
    if (known !== undefined) return known
    const series = new ContainerSeries()
    this.#containers.set(vmid, series)
    return series
  }

  #file(vmid: number): RingFile {
    return new RingFile(join(this.#folder, String(vmid)))
  }

  async #restore(): Promise<void> {
    await this.#makeFolder()
    const vmids = (await readdir(this.#folder)).flatMap(name => parseVmid(name) ?? [])
    const newest = Math.floor(this.#clock.nowMs() / MINUTES.stepMs)
    const reads = vmids.map(vmid => async () => {
      this.#files.set(vmid, (await stat(this.#file(vmid).path)).mtimeMs)
      const series = new ContainerSeries()
      await this.#file(vmid).read(MINUTES, [newest - RESTORED_SLOTS + 1, newest + 1], (slot, values) =>
        series.restore(slot, values),
      )
      series.saved([])
      if (series.newestSlot > 0) this.#containers.set(vmid, series)
    })
    await this.#attempt([() => this.#anomalies.restore(), ...reads])
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 })
  }

  /** Removes the files of containers that are gone for so long that nothing of them is in reach, or that are too many. */
  async #removeOld(nowMs: number): Promise<void> {
    const gone = [...this.#files].filter(([vmid]) => !this.#containers.has(vmid)).sort(([, a], [, b]) => a - b)
    const old = gone.filter(([, writtenMs]) => nowMs - writtenMs > KEPT_MS)
    const isOver = old.length > 0 && (await this.#hasTimePassed(nowMs))
    const most = Math.max(0, this.#files.size - MOST_FILES, isOver ? old.length : 0)
    for (const [vmid] of gone.slice(0, most)) {
      await rm(this.#file(vmid).path, { force: true })
      this.#files.delete(vmid)
    }
  }

  /** Whether others were measured in that time: after a step of the clock all files look old. */
  async #hasTimePassed(nowMs: number): Promise<boolean> {
    const end = Math.floor(nowMs / TEN_MINUTES.stepMs)
    for (const vmid of [...this.#containers.keys()].slice(0, MOST_PROOFS)) {
      let slots = 0
      await this.#file(vmid).read(TEN_MINUTES, [end - TEN_MINUTES.slots, end], () => slots++)
      if (slots >= LEAST_PROOF_SLOTS) return true
    }
    return false
  }

  /** Does what may fail, a few at once; what fails costs the others nothing, and is told once until all is well again. */
  async #attempt(actions: readonly (() => Promise<void>)[]): Promise<void> {
    let problem: string | undefined
    const waiting = [...actions]
    const work = async () => {
      for (let action = waiting.shift(); action !== undefined; action = waiting.shift()) {
        try {
          await action()
        } catch (error) {
          if (!(error instanceof AutoscaleError) && systemErrorCode(error) === undefined) throw error
          problem ??= errorMessage(error)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    if (problem !== undefined && this.#problem === undefined) {
      this.#log.warn({ folder: this.#folder, problem }, 'the history of the figures cannot be kept')
    }
    if (problem === undefined && this.#problem !== undefined) {
      this.#log.info({ folder: this.#folder }, 'the history of the figures is kept again')
    }
    this.#problem = problem
  }
}
