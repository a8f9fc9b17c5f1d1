export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

/** The exponent of the power of `x` by which `y` grows: least squares on the logarithms. @param points [[x, y]...], all above 0 */
export function growthExponent(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)])
  const mean = axis => logs.reduce((sum, point) => sum + point[axis], 0) / logs.length
  const [xMean, yMean] = [mean(0), mean(1)]
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - xMean) * (y - yMean), 0)
  return covariance / logs.reduce((sum, [x]) => sum + (x - xMean) ** 2, 0)
}

/** Rows of repeated runs as one each: the median, and how far apart they were as a share of it. */
export function joinRuns(runs) {
  if (runs.length === 1) return runs[0]
  return runs[0].map(row => {
    const values = runs.flatMap(rows => rows.filter(each => isSame(each, row)).map(({ value }) => value))
    const value = median(values)
    const spread = value === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / Math.abs(value)
    return { ...row, value, spread, runs: values.length }
  })
}

/** Whether two rows are of the same figure. */
export function isSame(one, other) {
  return one.bench === other.bench && String(one.case) === String(other.case) && one.metric === other.metric
}
