import { gridLine, round, text } from './svg-parts.mjs'

/** On the right stands what each line is. */
const MARGIN = { left: 40, right: 124, top: 8, bottom: 24 }
const LINE_PX = 14

/**
 * Both axes are logarithms, so that what grows as a power is a straight line; the broken one grows as what is below.
 * @param curves [{name, points: [[at, value]...]}], all above 0; names stand at the last points
 */
export function drawLogPanel({ curves, ticks }, { width, height }) {
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value))
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))]
  const [left, right, bottom] = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom]
  const [first, last] = [Math.log10(ticks[0]), Math.log10(ticks.at(-1))]
  const x = at => round(left + ((right - left) * (Math.log10(at) - first)) / (last - first))
  const y = value => round(bottom - ((bottom - MARGIN.top) * (Math.log10(value) - low)) / (high - low))
  const decades = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  const labelsAt = apart(
    curves.map(({ points }) => y(points.at(-1)[1])),
    { top: MARGIN.top, bottom },
  )
  // As far as it goes within the panel, from its lower left corner.
  const linearEnd = Math.min(last - first, high - low)
  return [
    ...decades.map(value => gridLine(left, y(value), right, y(value))),
    ...decades.map(value => text(left - 4, y(value) + 4, shortNumber(value), { anchor: 'end' })),
    ...ticks.map(at => gridLine(x(at), MARGIN.top, x(at), bottom)),
    ...ticks.map(at => text(x(at), height - 9, at.toLocaleString('en'), { anchor: 'middle' })),
    gridLine(left, bottom, x(10 ** (first + linearEnd)), y(10 ** (low + linearEnd)), 'guide'),
    ...curves.map(
      ({ points }, index) =>
        `<path class="c${index}" d="M${points.map(([at, value]) => `${x(at)} ${y(value)}`).join('L')}"/>`,
    ),
    ...curves.flatMap(({ points }, index) =>
      points.map(([at, value]) => `<circle class="c${index}" cx="${x(at)}" cy="${y(value)}" r="2.2"/>`),
    ),
    ...curves.map(({ name }, index) => text(right + 8, labelsAt[index] + 4, name, { look: `c${index}` })),
  ].join('')
}

/** The heights, moved so far that a line of text fits between any two of them. */
function apart(heights, { top, bottom }) {
  const order = heights.map((_, index) => index).toSorted((a, b) => heights[a] - heights[b])
  const moved = [...heights]
  order.forEach((index, rank) => {
    const above = rank === 0 ? top - LINE_PX : moved[order[rank - 1]]
    moved[index] = Math.max(heights[index], above + LINE_PX)
  })
  order.toReversed().forEach((index, rank, reversed) => {
    const below = rank === 0 ? bottom + LINE_PX : moved[reversed[rank - 1]]
    moved[index] = Math.min(moved[index], below - LINE_PX)
  })
  return moved
}

/** `0.1`, `100`, `10k`, `1M`. */
function shortNumber(value) {
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1e4 ? `${value / 1e3}k` : String(Number(value.toPrecision(1)))
}
