/** The score (sign as in scikit-learn: lower is stranger) at the boundary when nothing else is asked for: -0.5, as in the paper. */
export const AUTO_OFFSET = -0.5

/**
 * The boundary below which a share `contamination` of `scores` lies, interpolated as numpy's percentile does.
 * @throws {RangeError} when there are no scores.
 */
export function offsetForShare(scores: Float64Array, contamination: number): number {
  const sorted = Float64Array.from(scores).sort()
  return quantileOfSorted(sorted, contamination)
}

/**
 * The value below which the share `share` (0-1) of `sorted` (ascending) lies, between two values in proportion.
 * @throws {RangeError} when `sorted` is empty.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new RangeError('a quantile needs at least one value')
  const place = (sorted.length - 1) * Math.min(1, Math.max(0, share))
  const below = Math.floor(place)
  const low = sorted[below] ?? 0
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low
  return low + (high - low) * (place - below)
}
