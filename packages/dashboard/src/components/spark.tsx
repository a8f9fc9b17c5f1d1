/** The field that a sparkline is drawn in; the size on the page is that of its style. */
const WIDTH = 96
const HEIGHT = 28

/** The last hours of a figure; a gap where nothing is known. `ceiling`: what the top of the field is, at least. */
export function Spark({
  values,
  ceiling,
}: {
  readonly values: readonly (number | null)[]
  readonly ceiling: number | null
}) {
  const most = Math.max(ceiling ?? 0, ...values.map(value => value ?? 0))
  if (most <= 0) return <span class="spark" />
  const { curve, area } = sparkPaths(values, most)
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={area} />
      <path class="curve" d={curve} />
    </svg>
  )
}

function sparkPaths(values: readonly (number | null)[], most: number): { curve: string; area: string } {
  let curve = ''
  let area = ''
  const step = WIDTH / Math.max(1, values.length - 1)
  let startX: number | undefined
  values.forEach((value, at) => {
    const x = Math.round(at * step * 10) / 10
    if (value === null) {
      if (startX !== undefined) area += `V${HEIGHT}H${startX}Z`
      startX = undefined
      return
    }
    const y = Math.round((1 - value / most) * HEIGHT * 10) / 10
    curve += startX === undefined ? `M${x} ${y}` : `L${x} ${y}`
    area += startX === undefined ? `M${x} ${HEIGHT}V${y}` : `L${x} ${y}`
    startX ??= x
  })
  if (startX !== undefined) area += `V${HEIGHT}H${startX}Z`
  return { curve, area }
}
