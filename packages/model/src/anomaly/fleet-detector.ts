import { Standardiser } from '../features/standardise.ts'
import { AlarmScore } from './alarm-score.ts'
import { AlarmWatch, type Judgement, type WatchContents } from './alarm-watch.ts'
import type { AnomalySettings } from './anomaly-settings.ts'
import { BlockMaxima, type OpenBlock } from './block-maxima.ts'
import type { DetectorContents } from './container-detector.ts'
import { Generations } from './generations.ts'
import { LearnedWindow } from './learned-window.ts'
import { MODEL_COLUMNS } from './model-row.ts'

const POOL_ENTRIES = 2_048
const FEWEST_ROWS = 256
/** Samples of a container that tell what its usual figures are. */
const FEWEST_SAMPLES = 30
/** Values are in tenths of a deviation, because the window keeps whole numbers. */
const STEPS_PER_DEVIATION = 10
const FARTHEST_DEVIATIONS = 20

/** What a FleetMember knows, for saving. */
export interface MemberContents {
  readonly moments: Float64Array
  readonly open?: OpenBlock | undefined
  readonly watch: WatchContents
  readonly samples: number
}

/** What a FleetDetector has learned, for saving. */
export type FleetContents = Omit<DetectorContents, 'firstMs'>

/** What the fleet's forests need to know of one container that has none of its own. */
export class FleetMember {
  readonly #standardiser: Standardiser
  readonly blocks: BlockMaxima
  readonly watch: AlarmWatch
  #samples: number

  /** @param contents what `contents()` gave earlier */
  constructor(rollingWindow: number, contents?: MemberContents) {
    const options = { columns: MODEL_COLUMNS, smallest: 1, limit: FARTHEST_DEVIATIONS }
    this.#standardiser = new Standardiser(options, contents?.moments)
    this.blocks = new BlockMaxima(contents?.open)
    this.watch = new AlarmWatch(rollingWindow, contents?.watch)
    this.#samples = contents?.samples ?? 0
  }

  contents(): MemberContents {
    const { moments } = this.#standardiser
    return { moments, open: this.blocks.open, watch: this.watch.contents(), samples: this.#samples }
  }

  /** A model row in steps of what is usual for the container; undefined while that is not known. */
  standardised(row: Float64Array): Float64Array | undefined {
    if (this.#samples < FEWEST_SAMPLES) return undefined
    const steps = this.#standardiser.apply(row)
    for (let i = 0; i < steps.length; i++) steps[i] = Math.round((steps[i] ?? 0) * STEPS_PER_DEVIATION)
    return steps
  }

  learn(row: Float64Array): void {
    this.#standardiser.add(row)
    this.#samples++
  }
}

/**
 * Judges containers that have too little history for forests of their own, by forests of all containers together: each row in deviations from what is
 * usual for its container so far, so that small and large ones can be laid together.
 */
export class FleetDetector {
  readonly #settings: AnomalySettings
  readonly #pool: LearnedWindow
  readonly #forests: Generations
  readonly #alarmScore: AlarmScore
  #fits: number

  /** @param contents what `contents()` gave earlier */
  constructor(settings: AnomalySettings, contents?: FleetContents) {
    const { windowMs, generations, nEstimators, maxSamples } = settings
    this.#settings = settings
    this.#pool = new LearnedWindow({ columns: MODEL_COLUMNS, entries: POOL_ENTRIES, windowMs }, contents?.window)
    const trees = Math.ceil(nEstimators / generations)
    this.#forests = new Generations({ count: generations, trees, maxSamples }, contents?.forests)
    this.#alarmScore = new AlarmScore(settings, contents?.threshold)
    this.#fits = contents?.fits ?? 0
  }

  contents(): FleetContents {
    const { forests } = this.#forests
    return { forests, fits: this.#fits, window: this.#pool.contents(), threshold: this.#alarmScore.contents() }
  }

  get forestCount(): number {
    return this.#forests.count
  }

  /** Judges a standardised row of one container. Undefined while the forests know too little to judge. */
  judge(row: Float64Array, timeMs: number, { watch, blocks }: FleetMember): Judgement | undefined {
    const score = this.#forests.score(row)
    if (score === undefined) return undefined
    const lasting = watch.lasting(score)
    const alarmScore = this.#alarmScore.value
    const isAnomalous = alarmScore !== undefined && watch.judge(lasting, row, timeMs, this.#alarmScore)
    if (!watch.isAlarmed && !Number.isNaN(lasting)) this.#hold(lasting, timeMs, blocks)
    if (alarmScore === undefined) return undefined
    const judged = Number.isNaN(lasting) ? score : lasting
    return { score: judged, alarmScore, isAnomalous, confidence: this.#alarmScore.confidence(judged) }
  }

  /** Learns a standardised row of a normal sample. */
  learn(row: Float64Array, timeMs: number): void {
    this.#pool.add(row, timeMs)
  }

  isFitDue(nowMs: number): boolean {
    const { windowMs, generations } = this.#settings
    if (this.#pool.count < FEWEST_ROWS) return false
    const fittedMs = this.#forests.newestMs
    return fittedMs === undefined || nowMs - fittedMs >= windowMs / (2 * generations)
  }

  fit(nowMs: number): void {
    this.#forests.fit(this.#pool.learnable(nowMs), { nowMs, seed: this.#settings.randomState + this.#fits++ })
    this.#alarmScore.reviseAlarms(nowMs, row => this.#forests.score(row))
  }

  explain(row: Float64Array): Float64Array {
    return this.#forests.explain(row)
  }

  /* Blocks are those of single containers: the budget is one per container. */
  #hold(score: number, timeMs: number, blocks: BlockMaxima): void {
    this.#alarmScore.addScore(score, timeMs)
    const maximum = blocks.add(score, timeMs)
    if (maximum !== undefined) this.#alarmScore.addMaximum(maximum)
  }
}
