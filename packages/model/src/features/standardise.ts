import type { Matrix } from './matrix.ts'

/** What brings each column to mean 0 and deviation 1. */
export interface Standardisation {
  readonly means: Float64Array
  /** 0 for a constant column. */
  readonly deviations: Float64Array
}

/** Means and deviations (divisor n) of the known values of each column, from the training rows only. */
export function fitStandardisation({ values, rows, columns }: Matrix): Standardisation {
  const means = new Float64Array(columns)
  const squares = new Float64Array(columns)
  const counts = new Float64Array(columns)
  for (let i = 0; i < rows * columns; i++) {
    const value = values[i] ?? Number.NaN
    if (Number.isNaN(value)) continue
    const c = i % columns
    const count = (counts[c] ?? 0) + 1
    const mean = means[c] ?? 0
    const next = mean + (value - mean) / count
    counts[c] = count
    means[c] = next
    squares[c] = (squares[c] ?? 0) + (value - mean) * (value - next)
  }
  const deviations = squares.map((sum, c) => Math.sqrt(sum / Math.max(1, counts[c] ?? 0)))
  return { means, deviations }
}

/**
 * One value of column `c` in deviations from its mean, at most `limit` of them either way. A constant column has no deviation: its own value
 * is 0, any other is `limit` away. NaN stays NaN.
 */
export function standardScore(value: number, c: number, { means, deviations }: Standardisation, limit: number): number {
  const distance = value - (means[c] ?? 0)
  if (Number.isNaN(distance) || distance === 0) return distance
  return Math.max(-limit, Math.min(limit, distance / (deviations[c] ?? 0)))
}
