import { MS_PER_SECOND } from '@lxc-autoscale/core'
import type { Matrix } from '../features/matrix.ts'
import { fitForest } from './isolation-forest.ts'

/** Mean and standard deviation (of the sample, 0 for one value) over seeds. */
export interface Spread {
  readonly mean: number
  readonly sd: number
}

export interface ForestEvaluation {
  readonly seeds: number
  readonly rows: number
  readonly columns: number
  readonly anomalies: number
  /** Area under the ROC curve; undefined when all labels are alike. */
  readonly auroc: Spread | undefined
  readonly averagePrecision: Spread | undefined
  /** Growing the forest and scoring the rows, seconds. */
  readonly fitSeconds: Spread
  readonly scoreSeconds: Spread
}

export interface EvaluationInput {
  readonly matrix: Matrix
  /** One per row: 0 is normal, anything else an anomaly. */
  readonly labels: ArrayLike<number>
  /** Forests with the seeds 0 to `seeds` - 1 are fitted. */
  readonly seeds: number
  /** A clock that only runs forward, milliseconds. */
  readonly monotonicMs: () => number
}

/**
 * How well a forest fitted on rows (without seeing their labels) ranks the labelled anomalies among them, and how long it takes.
 * @throws {RangeError} when labels and rows differ in number, or as `fitForest`.
 */
export function evaluateForest({ matrix, labels, seeds, monotonicMs }: EvaluationInput): ForestEvaluation {
  if (labels.length !== matrix.rows) throw new RangeError(`${labels.length} labels for ${matrix.rows} rows`)
  if (!Number.isInteger(seeds) || seeds < 1) throw new RangeError(`seeds is ${seeds}: it has to be 1 or more`)
  const isAnomaly = Array.from(labels, label => label !== 0)
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const startMs = monotonicMs()
    const forest = fitForest(matrix, { randomState: seed })
    const fittedMs = monotonicMs()
    const scores = forest.scoreSamples(matrix).map(score => -score)
    const scoredMs = monotonicMs()
    return {
      auroc: auroc(scores, isAnomaly),
      averagePrecision: averagePrecision(scores, isAnomaly),
      fitSeconds: (fittedMs - startMs) / MS_PER_SECOND,
      scoreSeconds: (scoredMs - fittedMs) / MS_PER_SECOND,
    }
  })
  const anomalies = isAnomaly.filter(Boolean).length
  const isRankable = anomalies > 0 && anomalies < matrix.rows
  return {
    seeds,
    rows: matrix.rows,
    columns: matrix.columns,
    anomalies,
    auroc: isRankable ? spread(runs.map(run => run.auroc)) : undefined,
    averagePrecision: isRankable ? spread(runs.map(run => run.averagePrecision)) : undefined,
    fitSeconds: spread(runs.map(run => run.fitSeconds)),
    scoreSeconds: spread(runs.map(run => run.scoreSeconds)),
  }
}

/** Chance that a random anomaly scores above a random normal row, ties counting half. NaN when all labels are alike. */
export function auroc(scores: ArrayLike<number>, isAnomaly: readonly boolean[]): number {
  const order = ascending(scores)
  let rankSum = 0
  for (const { from, to } of ties(order, scores)) {
    const meanRank = (from + to + 1) / 2
    for (let place = from; place < to; place++) if (isAnomaly[order[place] ?? 0]) rankSum += meanRank
  }
  const positives = isAnomaly.filter(Boolean).length
  const negatives = isAnomaly.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Precision at each distinct score from the highest down, weighted by the recall it adds, as scikit-learn's `average_precision_score`. */
export function averagePrecision(scores: ArrayLike<number>, isAnomaly: readonly boolean[]): number {
  const order = ascending(scores).reverse()
  const positives = isAnomaly.filter(Boolean).length
  let found = 0
  let sum = 0
  for (const { from, to } of ties(order, scores)) {
    let gained = 0
    for (let place = from; place < to; place++) if (isAnomaly[order[place] ?? 0]) gained++
    found += gained
    sum += (gained / positives) * (found / to)
  }
  return sum
}

function ascending(scores: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: scores.length }, (_, row) => row)
  return order.sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0))
}

/** The runs of equal scores in `order`. */
function* ties(order: Int32Array, scores: ArrayLike<number>): Generator<{ from: number; to: number }> {
  let from = 0
  while (from < order.length) {
    const score = scores[order[from] ?? 0]
    let to = from + 1
    while (to < order.length && scores[order[to] ?? 0] === score) to++
    yield { from, to }
    from = to
  }
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 }
}
