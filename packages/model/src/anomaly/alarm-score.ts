import { MS_PER_DAY, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { quantileOfSorted } from '../forest/quantile.ts'
import { BLOCKS_PER_WEEK, BlockMaxima, type OpenBlock } from './block-maxima.ts'
import { SortedRing } from './sorted-ring.ts'

const MS_PER_WEEK = 7 * MS_PER_DAY
/** Maxima of blocks that count: those of a day. */
const MAXIMA = 144
const FEWEST_MAXIMA = 12
/** Those of six hours. */
const NEWEST_MAXIMA = 36
const FEWEST_BEYOND = 5
/** Scores of few trees are so uncertain. */
const MARGIN = 0.015
const THINNEST_TAIL = 0.004
/** Held-out scores kept for quantiles, and how far apart they are: those of a day. */
const SCORES = 288
const SCORE_SPACING_MS = 5 * MS_PER_MINUTE

export interface AlarmScoreOptions {
  readonly alarmsPerWeek: number
  readonly contamination: 'auto' | number
}

/** The row at the height of an alarm, and how strange it is now. */
export interface AlarmPeak {
  readonly timeMs: number
  readonly score: number
  readonly row: Float64Array
}

/** What an AlarmScore has learned, for saving. */
export interface AlarmScoreContents {
  readonly maxima: readonly number[]
  readonly scores: readonly number[]
  readonly peaks: readonly PeakContents[]
  readonly open?: OpenBlock | undefined
  readonly scoreMs?: number | undefined
}

export type PeakContents = Omit<AlarmPeak, 'row'> & { readonly row: readonly (number | null)[] }

export function peakContents(peak: AlarmPeak): PeakContents {
  return { ...peak, row: Array.from(peak.row, value => (Number.isNaN(value) ? null : value)) }
}

export function savedPeak(peak: PeakContents): AlarmPeak {
  return { ...peak, row: Float64Array.from(peak.row, value => value ?? Number.NaN) }
}

const NOTHING: AlarmScoreContents = { maxima: [], scores: [], peaks: [] }

/**
 * The score above which a sample is an anomaly, from scores of samples that the forests had not learned.
 *
 * Alarms are rare, so the alarm score lies beyond most of what was seen: scores follow each other closely, so they are taken as the
 * maxima of blocks of ten minutes, and the largest of those are taken to fall off exponentially; that tail gives the score that the blocks of a
 * week pass as often as the budget allows. Besides, when there were more alarms in the last week than the budget allows, one has to be stranger
 * than those beyond it. With a set contamination, that share of the held-out scores lies above it instead.
 */
export class AlarmScore {
  readonly #options: AlarmScoreOptions
  readonly #blocks: BlockMaxima
  #maxima: SortedRing
  readonly #scores: SortedRing
  #scoreMs = Number.NEGATIVE_INFINITY
  #peaks: readonly AlarmPeak[]
  #value: number | undefined
  #tail = THINNEST_TAIL

  constructor(options: AlarmScoreOptions, contents = NOTHING) {
    this.#options = options
    this.#maxima = new SortedRing(MAXIMA, contents.maxima)
    this.#scores = new SortedRing(SCORES, contents.scores)
    this.#peaks = contents.peaks.map(savedPeak)
    this.#blocks = new BlockMaxima(contents.open)
    this.#scoreMs = contents.scoreMs ?? Number.NEGATIVE_INFINITY
    this.#update()
  }

  /** Undefined until there are held-out scores enough. */
  get value(): number | undefined {
    return this.#value
  }

  /** An alarm lasts until the score is below this. */
  get endOfAlarm(): number | undefined {
    if (this.#options.contamination !== 'auto' || this.#value === undefined) return this.#value
    return this.#value - MARGIN
  }

  /** Adds the score of a held-out sample of one series. */
  add(score: number, timeMs: number): void {
    this.addScore(score, timeMs)
    const maximum = this.#blocks.add(score, timeMs)
    if (maximum !== undefined) this.addMaximum(maximum)
  }

  /** Adds a held-out score for quantiles alone. */
  addScore(score: number, timeMs: number): void {
    if (timeMs - this.#scoreMs < SCORE_SPACING_MS) return
    this.#scores.add(score)
    this.#scoreMs = timeMs
  }

  /** Adds the maximum of a block. */
  addMaximum(maximum: number): void {
    this.#maxima.add(maximum)
    this.#update()
  }

  /** Forgets all but the newest maxima: those before are of forests that knew less. */
  forgetOld(): void {
    this.#maxima = new SortedRing(MAXIMA, this.#maxima.values().slice(-NEWEST_MAXIMA))
  }

  /** Notes an alarm that is over. */
  addAlarm(peak: AlarmPeak): void {
    this.#peaks = [...this.#peaks, peak]
    this.#update()
  }

  /** Asks how strange past alarms still are, after forests have learned, and forgets those older than a week. */
  reviseAlarms(nowMs: number, score: (row: Float64Array) => number | undefined): void {
    this.#peaks = this.#peaks
      .filter(({ timeMs }) => timeMs > nowMs - MS_PER_WEEK)
      .map(peak => ({ ...peak, score: Math.min(peak.score, score(peak.row) ?? peak.score) }))
    this.#update()
  }

  /** See AnomalyVerdict.confidence. */
  confidence(score: number): number {
    if (this.#value === undefined || this.#scores.count === 0) return 0
    if (score > this.#value) return 100 * (1 - Math.exp((this.#value - score) / this.#tail))
    return 100 * (1 - this.#scores.countBelow(score) / this.#scores.count)
  }

  contents(): AlarmScoreContents {
    return {
      maxima: this.#maxima.values(),
      scores: this.#scores.values(),
      peaks: this.#peaks.map(peakContents),
      open: this.#blocks.open,
      scoreMs: Number.isFinite(this.#scoreMs) ? this.#scoreMs : undefined,
    }
  }

  #update(): void {
    if (this.#maxima.count < FEWEST_MAXIMA) return
    const { start, scale, share } = fitTail(this.#maxima.ascending)
    this.#tail = Math.max(scale, THINNEST_TAIL)
    const { alarmsPerWeek, contamination } = this.#options
    if (contamination !== 'auto') {
      this.#value = quantileOfSorted(this.#scores.ascending, 1 - contamination)
      return
    }
    const passes = (BLOCKS_PER_WEEK * share) / alarmsPerWeek
    const tailEnd = start + this.#tail * Math.log(Math.max(1, passes))
    this.#value = Math.max(tailEnd, this.#beyondBudget(alarmsPerWeek)) + MARGIN
  }

  /** The score of the strangest recent alarm that there are more of than the budget allows. */
  #beyondBudget(alarmsPerWeek: number): number {
    const scores = this.#peaks.map(({ score }) => score).sort((a, b) => b - a)
    return scores[Math.max(1, Math.floor(alarmsPerWeek))] ?? 0
  }
}

/** Exponential tail of at least two ascending values: where it starts, its scale, and the share of the values beyond the start. */
export function fitTail(sorted: readonly number[]): { start: number; scale: number; share: number } {
  const count = sorted.length
  const beyond = Math.min(count - 1, Math.max(FEWEST_BEYOND, Math.ceil(Math.sqrt(count))))
  const start = sorted[count - beyond - 1] ?? 0
  const excess = sorted.slice(-beyond).reduce((sum, value) => sum + value - start, 0)
  return { start, scale: excess / beyond, share: beyond / count }
}
