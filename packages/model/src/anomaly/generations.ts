import { columnMedians, imputeMatrix } from '../features/impute.ts'
import type { Matrix } from '../features/matrix.ts'
import { fitForest, type IsolationForest } from '../forest/isolation-forest.ts'

/** With `auto`: half of what one forest alone would take, since there are several. */
const AUTO_SAMPLES = 128
/** Eight days: patterns are those of days and weeks. */
const LONGEST_MEMORY_MS = 691_200_000

interface Generation {
  readonly forest: IsolationForest
  /** Of the training rows, to impute what is not known. */
  readonly medians: Float64Array
  readonly fittedMs: number
}

export interface GenerationOptions {
  /** Forests kept. */
  readonly count: number
  readonly trees: number
  readonly maxSamples: 'auto' | number
}

/** Forests of different ages over the same columns, newest last. They have to agree: what one of them knows is normal. */
export class Generations {
  readonly #options: GenerationOptions
  #forests: readonly Generation[] = []

  constructor(options: GenerationOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#forests.length
  }

  /** When the forests were grown, oldest first. */
  get fittedMs(): readonly number[] {
    return this.#forests.map(({ fittedMs }) => fittedMs)
  }

  /** When the newest forest was grown; undefined when there is none. */
  get newestMs(): number | undefined {
    return this.#forests.at(-1)?.fittedMs
  }

  /** Grows a forest on `rows` (NaN = not known) and drops the oldest one of too many. */
  fit(rows: Matrix, { nowMs, seed }: { readonly nowMs: number; readonly seed: number }): void {
    const { count, trees, maxSamples } = this.#options
    const medians = columnMedians(rows)
    const forest = fitForest(imputeMatrix(rows, medians), {
      nEstimators: trees,
      maxSamples: maxSamples === 'auto' ? AUTO_SAMPLES : maxSamples,
      randomState: seed,
      hasWholeRows: true,
    })
    // What is scored are whole steps, also where they are imputed.
    const generation = { forest, medians: medians.map(Math.round), fittedMs: nowMs }
    this.#forests = spread([...this.#forests, generation], count, nowMs)
  }

  /** The anomaly score that all forests agree on: the lowest. Undefined when there are none. */
  score(row: Float64Array): number | undefined {
    let lowest: number | undefined
    for (const { forest, medians } of this.#forests) {
      const score = forest.anomalyScore(impute(row, medians))
      if (lowest === undefined || score < lowest) lowest = score
    }
    return lowest
  }

  /** Shares of the columns in what makes `row` strange, the mean over the forests. */
  explain(row: Float64Array): Float64Array {
    const shares = new Float64Array(row.length)
    for (const { forest, medians } of this.#forests) {
      const explained = forest.explain(impute(row, medians))
      for (let i = 0; i < shares.length; i++) shares[i] = (shares[i] ?? 0) + (explained[i] ?? 0) / this.count
    }
    return shares
  }
}

/* Room for a row that is scored by itself. */
let imputed = new Float64Array(0)

/** The row with its medians where it is not known, until the next one is made so. */
function impute(row: Float64Array, medians: Float64Array): Float64Array {
  if (imputed.length !== row.length) imputed = new Float64Array(row.length)
  for (let i = 0; i < row.length; i++) {
    const value = row[i] ?? Number.NaN
    imputed[i] = Number.isNaN(value) ? (medians[i] ?? 0) : value
  }
  return imputed
}

/**
 * At most `count` of the forests (oldest first), with ages spread from the newest to a week: of too many, the one goes whose neighbours are
 * nearest to each other for its age. So a Friday is still known on Monday.
 */
function spread(forests: readonly Generation[], count: number, nowMs: number): readonly Generation[] {
  const young = forests.filter(({ fittedMs }) => nowMs - fittedMs <= LONGEST_MEMORY_MS)
  if (young.length <= count) return young
  let dropped = 0
  let nearest = Number.POSITIVE_INFINITY
  for (let i = 1; i < young.length - 1; i++) {
    const apart = ((young[i + 1]?.fittedMs ?? 0) - (young[i - 1]?.fittedMs ?? 0)) / (nowMs - (young[i]?.fittedMs ?? 0))
    if (apart < nearest) {
      nearest = apart
      dropped = i
    }
  }
  return young.filter((_, i) => i !== dropped)
}
