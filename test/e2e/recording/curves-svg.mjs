import { drawLogPanel } from './log-panel.mjs'
import { escaped, gridLine, round, STYLE, text } from './svg-parts.mjs'

/** Small pictures in a grid, as one SVG that needs nothing beside it. */

const SIZE = { width: 420, height: 150 }
const MARGIN = { left: 46, right: 10, top: 34, bottom: 24 }
const COLUMN_GAP = 10
const HEAD = 44
/** More points than pixels only make the file large. */
const MOST_POINTS = 300

/**
 * @param panels [{title, unit, curves: [{name, points: [[at, value]...], isStepped}], marks: [at...], ceiling}]: the lowest value
 *   of each panel is 0; `marks` are vertical lines; `ceiling` cuts off what is above. Of one with `ticks` both axes are logarithms
 * @param atUnit unit of the times, for the axis
 * @param size of one panel
 */
export function curvesSvg({ title, subtitle = '', panels, columns = 2, atUnit, size = SIZE }) {
  const rows = Math.ceil(panels.length / columns)
  const width = columns * (size.width + COLUMN_GAP) + COLUMN_GAP
  const height = HEAD + rows * size.height
  const drawn = panels.map((panel, at) => {
    const x = COLUMN_GAP + (at % columns) * (size.width + COLUMN_GAP)
    const y = HEAD + Math.floor(at / columns) * size.height
    const content = panel.ticks === undefined ? drawPanel(panel, atUnit, size) : drawLogPanel(panel, size)
    return `<g transform="translate(${x},${y})">${content}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<g font-size="14">${text(COLUMN_GAP, 18, title, { look: 'title' })}</g>
${text(COLUMN_GAP, 34, subtitle)}
${drawn.join('\n')}
</svg>
`
}

function drawPanel(panel, atUnit, { width, height }) {
  const { title, unit, curves, marks = [], ceiling = Number.POSITIVE_INFINITY } = panel
  const points = curves.flatMap(curve => curve.points)
  const lastAt = Math.max(1e-9, ...points.map(([at]) => at))
  const top = niceTop(Math.min(ceiling, Math.max(1e-9, ...points.map(([, value]) => value))))
  const [left, right, bottom] = [MARGIN.left, width - MARGIN.right, height - MARGIN.bottom]
  const x = at => round(left + ((right - left) * at) / lastAt)
  const y = value => round(MARGIN.top + (bottom - MARGIN.top) * (1 - Math.min(value, top) / top))
  return [
    text(left, 14, title, { look: 'title' }),
    ...curves.map(({ name }, at) => text(left + at * 125, 27, name ?? '', { look: `c${at}` })),
    ...marks.map(at => gridLine(x(at), MARGIN.top, x(at), bottom)),
    gridLine(left, bottom, right, bottom),
    gridLine(left, y(top), right, y(top)),
    text(left - 4, y(top) + 4, `${top}`, { anchor: 'end' }),
    text(left - 4, bottom, '0', { anchor: 'end' }),
    text(left - 4, y(top / 2) + 3, unit, { anchor: 'end' }),
    text(left, height - 10, '0', { anchor: 'middle' }),
    text(right, height - 10, `${round(lastAt)} ${atUnit}`, { anchor: 'end' }),
    ...curves.map(
      ({ points: own, isStepped }, at) => `<path class="c${at}" d="${wayOf(thinned(own), { x, y, isStepped })}"/>`,
    ),
  ].join('')
}

function wayOf(points, { x, y, isStepped = false }) {
  return points
    .map(([at, value], index) => {
      if (index === 0) return `M${x(at)} ${y(value)}`
      return isStepped ? `H${x(at)}V${y(value)}` : `L${x(at)} ${y(value)}`
    })
    .join('')
}

/** Of each run of neighbours the one with the largest value, so that no peak is lost. */
function thinned(points) {
  const size = Math.ceil(points.length / MOST_POINTS)
  if (size <= 1) return points
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    points.slice(index * size, (index + 1) * size).reduce((best, point) => (point[1] > best[1] ? point : best)),
  )
}

/** The next 1, 2 or 5 times a power of ten. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 5, 10].find(step => step * power >= value * 0.999) ?? 10
  return Number((factor * power).toPrecision(3))
}
