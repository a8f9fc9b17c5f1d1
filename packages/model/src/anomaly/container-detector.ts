import { MS_PER_DAY } from '@lxc-autoscale/core'
import type { Matrix } from '../features/matrix.ts'
import { Random } from '../forest/random.ts'
import { AlarmScore, type AlarmScoreContents } from './alarm-score.ts'
import type { AlarmWatch, Judgement } from './alarm-watch.ts'
import type { AnomalySettings } from './anomaly-settings.ts'
import { type Generation, Generations } from './generations.ts'
import { LearnedWindow, type WindowContents } from './learned-window.ts'
import { MODEL_COLUMNS } from './model-row.ts'

/** A first forest takes so many rows, whatever the time they are from. */
const FEWEST_ROWS = 32
/** Until so much is known, strange may be only new: the first morning, the first Monday. */
const FIRST_WEEK_MS = 7 * MS_PER_DAY
/** Rows to grow on are blurred by less than so many steps, a few more likely than many. */
const BLUR_STEPS = 2.5
const HALF_BITS = 16
const HALF_MASK = 65_535
const BLUR_STREAM = 0x626c7572

/** What a detector has learned, for saving. */
export interface DetectorContents {
  readonly firstMs?: number | undefined
  readonly forests: readonly Generation[]
  /** Forests grown so far. */
  readonly fits: number
  readonly window: WindowContents
  readonly threshold: AlarmScoreContents
}

/**
 * Learns what is normal for one container, and judges by it. Each sample is judged before it is learned, so every score is one of a sample that no
 * forest has seen. What was an anomaly, or came shortly after one, is not learned; only in the first week of a container it is, half a
 * window later.
 */
export class ContainerDetector {
  readonly #settings: AnomalySettings
  readonly #seed: number
  readonly #window: LearnedWindow
  readonly #forests: Generations
  readonly #alarmScore: AlarmScore
  #firstMs: number | undefined
  #fits = 0

  constructor(settings: AnomalySettings, seed: number, contents?: DetectorContents) {
    const { windowEntries, windowMs, generations, nEstimators, maxSamples } = settings
    this.#settings = settings
    this.#seed = seed
    this.#window = new LearnedWindow({ columns: MODEL_COLUMNS, entries: windowEntries, windowMs }, contents?.window)
    const trees = Math.ceil(nEstimators / generations)
    this.#forests = new Generations({ count: generations, trees, maxSamples }, contents?.forests)
    this.#alarmScore = new AlarmScore(settings, contents?.threshold)
    this.#firstMs = contents?.firstMs
    this.#fits = contents?.fits ?? 0
  }

  get forestCount(): number {
    return this.#forests.count
  }

  /** When the newest forest was grown; undefined when there is none. */
  get fittedMs(): number | undefined {
    return this.#forests.newestMs
  }

  /** Judges a row by the forests there are. Undefined while they know too little to judge. Learns its score, if it is normal. */
  judge(row: Float64Array, timeMs: number, watch: AlarmWatch): Judgement | undefined {
    this.#firstMs ??= timeMs
    const score = this.#forests.score(row)
    if (score === undefined) return undefined
    const lasting = watch.lasting(score)
    const alarmScore = timeMs - this.#firstMs < this.#settings.minHistoryMs ? undefined : this.#alarmScore.value
    const isAnomalous = alarmScore !== undefined && watch.judge(lasting, row, timeMs, this.#alarmScore)
    if (!watch.isAlarmed && !Number.isNaN(lasting)) this.#alarmScore.add(lasting, timeMs)
    if (alarmScore === undefined) return undefined
    const judged = Number.isNaN(lasting) ? score : lasting
    return { score: judged, alarmScore, isAnomalous, confidence: this.#alarmScore.confidence(judged) }
  }

  /** Whether a row of that time would be kept to learn from. */
  wants(timeMs: number): boolean {
    return this.#window.wants(timeMs)
  }

  /**
   * Keeps a row to learn from. Says whether it will be learned.
   * @param isStrange it was an anomaly, or near one
   */
  learn(row: Float64Array, timeMs: number, isStrange: boolean): boolean {
    this.#firstMs ??= timeMs
    if (!isStrange) this.#window.add(row, timeMs)
    else if (timeMs - this.#firstMs < FIRST_WEEK_MS) {
      this.#window.add(row, timeMs, timeMs + this.#settings.windowMs / 2)
    }
    return !isStrange
  }

  /** Whether a forest is to be grown: the first after half the history needed (the other half is held out), then every so often. */
  isFitDue(nowMs: number): boolean {
    const { minHistoryMs, windowMs, generations } = this.#settings
    if (this.#firstMs === undefined || this.#window.count < FEWEST_ROWS) return false
    const fittedMs = this.#forests.newestMs
    if (fittedMs === undefined) return nowMs - this.#firstMs >= minHistoryMs / 2
    return nowMs - fittedMs >= windowMs / (2 * generations)
  }

  /** Grows a forest on what was learned up to `nowMs`. */
  fit(nowMs: number): void {
    const isYoung = this.#forests.count < this.#settings.generations
    this.#grow(nowMs)
    if (isYoung) this.#alarmScore.forgetOld()
    this.#alarmScore.reviseAlarms(nowMs, row => this.#forests.score(row))
  }

  /** Shares of the columns of a model row in what makes it strange. */
  explain(row: Float64Array): Float64Array {
    return this.#forests.explain(row)
  }

  contents(): DetectorContents {
    return {
      firstMs: this.#firstMs,
      forests: this.#forests.forests,
      fits: this.#fits,
      window: this.#window.contents(),
      threshold: this.#alarmScore.contents(),
    }
  }

  #grow(endMs: number): void {
    const rows = this.#window.learnable(endMs)
    if (rows.rows < FEWEST_ROWS) return
    const seed = this.#seed + this.#fits++
    blur(rows, new Random(seed, BLUR_STREAM))
    this.#forests.fit(rows, { nowMs: endMs, seed })
  }
}

/**
 * Adds a little chance to what a forest is grown on: nothing is known more exactly than a few steps, and a figure that never changed has a range
 * then, so that it can be strange once it does.
 */
function blur({ values }: Matrix, random: Random): void {
  for (let i = 0; i < values.length; i++) {
    const drawn = random.uint32()
    const triangular = ((drawn & HALF_MASK) + (drawn >>> HALF_BITS)) / (HALF_MASK + 1) - 1
    values[i] = (values[i] ?? 0) + BLUR_STEPS * triangular
  }
}
