/**
 * How much a curve rises over its second half: the slope of the least squares line through it, times the half's length.
 * @param points [[at, value]...], in order; needs four
 * @returns {rise, level} in the unit of the values; level: the mean of that half
 */
export function secondHalf(points) {
  const middle = (points[0][0] + points.at(-1)[0]) / 2
  const half = points.filter(([at]) => at >= middle)
  const mean = index => half.reduce((sum, point) => sum + point[index], 0) / half.length
  const [atMean, level] = [mean(0), mean(1)]
  const covariance = half.reduce((sum, [at, value]) => sum + (at - atMean) * (value - level), 0)
  const variance = half.reduce((sum, [at]) => sum + (at - atMean) ** 2, 0)
  const slope = variance === 0 ? 0 : covariance / variance
  return { rise: slope * (half.at(-1)[0] - half[0][0]), level }
}

/** The value that `share` (0 to 1) of the numbers do not exceed; undefined for none. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
