/** Small pictures in a grid, as one SVG that needs nothing beside it. */

const WIDTH = 420
const HEIGHT = 150
const MARGIN = { left: 46, right: 10, top: 34, bottom: 24 }
const COLUMN_GAP = 10
const HEAD = 44
const COLORS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e']
/** More points than pixels only make the file large. */
const MOST_POINTS = 300

/**
 * @param panels [{title, unit, curves: [{name, points: [[at, value]...], isStepped}], marks: [at...], ceiling}]: the lowest value
 *   of each panel is 0; `marks` are vertical lines; `ceiling` cuts off what is above
 * @param atUnit unit of the times, for the axis
 */
export function curvesSvg({ title, subtitle = '', panels, columns = 2, atUnit }) {
  const rows = Math.ceil(panels.length / columns)
  const width = columns * (WIDTH + COLUMN_GAP) + COLUMN_GAP
  const height = HEAD + rows * HEIGHT
  const drawn = panels.map((panel, at) => {
    const x = COLUMN_GAP + (at % columns) * (WIDTH + COLUMN_GAP)
    const y = HEAD + Math.floor(at / columns) * HEIGHT
    return `<g transform="translate(${x},${y})">${drawPanel(panel, atUnit)}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="10">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${COLUMN_GAP}" y="18" font-size="14" font-weight="bold">${escaped(title)}</text>
<text x="${COLUMN_GAP}" y="34" fill="#555">${escaped(subtitle)}</text>
${drawn.join('\n')}
</svg>
`
}

function drawPanel({ title, unit, curves, marks = [], ceiling = Number.POSITIVE_INFINITY }, atUnit) {
  const points = curves.flatMap(curve => curve.points)
  const lastAt = Math.max(1e-9, ...points.map(([at]) => at))
  const top = niceTop(Math.min(ceiling, Math.max(1e-9, ...points.map(([, value]) => value))))
  const [innerWidth, innerHeight] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom]
  const x = at => round(MARGIN.left + (innerWidth * at) / lastAt)
  const y = value => round(MARGIN.top + innerHeight * (1 - Math.min(value, top) / top))
  const line = (x1, y1, x2, y2, color) => `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${color}" stroke-width="0.7"/>`
  const label = (atX, atY, anchor, text) =>
    `<text x="${atX}" y="${atY}" text-anchor="${anchor}" fill="#555">${text}</text>`
  const [left, right, bottom] = [MARGIN.left, WIDTH - MARGIN.right, HEIGHT - MARGIN.bottom]
  return [
    `<text x="${left}" y="14" font-size="11" font-weight="bold">${escaped(title)}</text>`,
    ...curves.map(
      ({ name }, at) => `<text x="${left + at * 125}" y="27" fill="${COLORS[at]}">${escaped(name ?? '')}</text>`,
    ),
    ...marks.map(at => line(x(at), MARGIN.top, x(at), bottom, '#bbb')),
    line(left, bottom, right, bottom, '#888'),
    line(left, y(top), right, y(top), '#ddd'),
    label(left - 4, y(top) + 4, 'end', `${top}`),
    label(left - 4, bottom, 'end', '0'),
    label(left - 4, y(top / 2) + 3, 'end', escaped(unit)),
    label(left, HEIGHT - 10, 'middle', '0'),
    label(right, HEIGHT - 10, 'end', `${round(lastAt)} ${escaped(atUnit)}`),
    ...curves.map(
      ({ points: own, isStepped }, at) =>
        `<path d="${wayOf(thinned(own), { x, y, isStepped })}" fill="none" stroke="${COLORS[at]}" stroke-width="1.1"/>`,
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

function round(number) {
  return Math.round(number * 10) / 10
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
