/** About `points` points of a curve, each the peak of a stretch: [time, value]. */
export function thinned(timesS: Float64Array, values: Float64Array, points: number): [number, number][] {
  const stretch = Math.max(1, Math.ceil(values.length / points))
  const peaks: [number, number][] = []
  for (let start = 0; start < values.length; start += stretch) {
    peaks.push([timesS[start] ?? 0, largest(values.subarray(start, start + stretch))])
  }
  return peaks
}

/** The corners of a curve that stands still between changes. */
export function stairs(timesS: Float64Array, values: Float64Array): [number, number][] {
  const corners: [number, number][] = []
  values.forEach((value, index) => {
    const before = values[index - 1]
    const isLast = index === values.length - 1
    if (index > 0 && value === before && !isLast) return
    if (before !== undefined) corners.push([timesS[index] ?? 0, before])
    corners.push([timesS[index] ?? 0, value])
  })
  return corners
}

/** The largest known value, 0 when there is none. */
export function largest(values: Float64Array | undefined): number {
  let most = 0
  for (const value of values ?? []) if (value > most) most = value
  return most
}

export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
