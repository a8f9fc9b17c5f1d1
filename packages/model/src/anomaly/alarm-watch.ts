import { MS_PER_MINUTE } from '@lxc-autoscale/core'
import { type AlarmPeak, type AlarmScore, type PeakContents, peakContents, savedPeak } from './alarm-score.ts'
import { Persistence } from './persistence.ts'

/** Anomalies nearer to each other are one alarm. */
const CALM_MS = 30 * MS_PER_MINUTE

/** What the score of one row means. */
export interface Judgement {
  /** 0-1: what most of the last samples reach, or the score of the row alone while they are too few. */
  readonly score: number
  readonly alarmScore: number
  readonly isAnomalous: boolean
  readonly confidence: number
}

/** What an AlarmWatch knows, for saving. */
export interface WatchContents {
  readonly scores: readonly number[]
  readonly isAnomalous: boolean
  readonly lastMs?: number | undefined
  readonly peak?: PeakContents | undefined
}

/** Watches the scores of one container: what has to last to be an anomaly, and which anomalies belong to one alarm. */
export class AlarmWatch {
  readonly #persistence: Persistence
  #isAnomalous = false
  #lastMs = Number.NEGATIVE_INFINITY
  #peak: AlarmPeak | undefined
  #alarms = 0

  /**
   * @param rollingWindow one odd sample shows in the rolling features of so many: an anomaly has to last longer
   * @param contents what `contents()` gave earlier
   */
  constructor(rollingWindow: number, contents?: WatchContents) {
    this.#persistence = new Persistence({ needed: rollingWindow + 1, of: rollingWindow + 3 })
    if (contents === undefined) return
    for (const score of contents.scores) this.#persistence.add(score)
    this.#isAnomalous = contents.isAnomalous
    this.#lastMs = contents.lastMs ?? Number.NEGATIVE_INFINITY
    this.#peak = contents.peak && savedPeak(contents.peak)
  }

  contents(): WatchContents {
    const lastMs = Number.isFinite(this.#lastMs) ? this.#lastMs : undefined
    const peak = this.#peak && peakContents(this.#peak)
    return { scores: this.#persistence.scores(), isAnomalous: this.#isAnomalous, lastMs, peak }
  }

  /** Alarms begun so far. */
  get alarms(): number {
    return this.#alarms
  }

  /** Something strange is going on, or was a moment ago: nothing now is to be learned. */
  get isAlarmed(): boolean {
    return this.#peak !== undefined
  }

  /** The score that most of the last samples reach, with this one; NaN while they are too few. */
  lasting(score: number): number {
    return this.#persistence.add(score)
  }

  /** Samples are missing, or must not be judged: what comes next is on its own. */
  interrupt(): void {
    this.#persistence.clear()
    this.#isAnomalous = false
  }

  /** Forgets an alarm that is going on: somebody else judges from now on. */
  dismiss(): void {
    this.#isAnomalous = false
    this.#peak = undefined
  }

  /** Whether `lasting` is an anomaly by `alarmScore`. An alarm that is over is noted there. */
  judge(lasting: number, row: Float64Array, timeMs: number, alarmScore: AlarmScore): boolean {
    const limit = (this.#isAnomalous ? alarmScore.endOfAlarm : alarmScore.value) ?? Number.POSITIVE_INFINITY
    this.#isAnomalous = lasting > limit
    if (this.#isAnomalous) this.#raise(lasting, row, timeMs)
    else if (this.#peak !== undefined && timeMs - this.#lastMs > CALM_MS) {
      alarmScore.addAlarm(this.#peak)
      this.#peak = undefined
    }
    return this.#isAnomalous
  }

  #raise(score: number, row: Float64Array, timeMs: number): void {
    if (this.#peak === undefined) this.#alarms++
    if (this.#peak === undefined || score > this.#peak.score) this.#peak = { timeMs, score, row: row.slice() }
    this.#lastMs = timeMs
  }
}
