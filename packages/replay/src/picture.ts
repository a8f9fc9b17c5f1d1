import { escapeMarkup, largest, stairs, thinned } from './curves.ts'
import type { ReplayedPolicy } from './html-report.ts'
import type { Trace } from './trace.ts'

const LEFT = 44
const WIDTH = 672
const HEIGHT = 112
/** Of the first panel; what stands above it is its heading. */
const TOP = 40
const PANEL = HEIGHT + 40
const RIGHT = 8
const SECONDS_PER_DAY = 86_400
const FIRST_MONDAY = 4
const DAY_NAMES = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su']

/** Readable on white as on black, and a little better with the media query: some viewers do not tell which they are. */
const STYLE = `text{font:11px system-ui,sans-serif;fill:#6e7781}.wanted{fill:#8c959f;fill-opacity:.6}.given{fill:none;stroke:#1f6feb;stroke-width:1.5}
.kill{stroke:#d1242f;stroke-width:2}.grid{stroke:#8c959f;stroke-opacity:.3}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.given{stroke:#58a6ff}.kill{stroke:#ff7b72}}`

/**
 * A small SVG of one policy over one trace: what was wanted, what was given, each kill; on no ground of its own, so that it
 * stands on light and dark pages. What was given on the first day may leave it at the top.
 */
export function replayPicture(trace: Trace, { policy, run, bill }: ReplayedPolicy): string {
  const kills = bill.memory?.killTimesS ?? []
  const panels = [
    panel({ heading: 'cores', trace, wanted: trace.cpuCores, given: run.cores, kills: [] }),
    panel({ heading: 'memory, MB', trace, wanted: trace.memoryMb, given: run.memoryMb, kills }),
  ]
  const height = TOP + panels.length * PANEL - 20
  const title = `${trace.name} under ${policy}: wanted, given and ${kills.length} kills`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + RIGHT} ${height}" role="img" aria-label="${escapeMarkup(title)}">
<style>${STYLE}</style>
${legend(kills.length)}
${panels.map((text, index) => `<g transform="translate(0 ${TOP + index * PANEL})">${text}</g>`).join('\n')}
</svg>
`
}

function legend(kills: number): string {
  return `<rect class="wanted" x="${LEFT}" y="5" width="16" height="8"/><text x="${LEFT + 21}" y="13">wanted</text>
<path class="given" d="M${LEFT + 84} 9h16"/><text x="${LEFT + 105}" y="13">given</text>
<path class="kill" d="${cross(LEFT + 160, 9)}"/><text x="${LEFT + 170}" y="13">killed: ${kills}</text>`
}

interface Panel {
  readonly heading: string
  readonly trace: Trace
  readonly wanted: Float64Array | undefined
  readonly given: Float64Array | undefined
  readonly kills: readonly number[]
}

function panel({ heading, trace: { timesS }, wanted, given, kills }: Panel): string {
  if (wanted === undefined || given === undefined) return ''
  const startS = timesS[0] ?? 0
  const spanS = (timesS.at(-1) ?? 1) - startS || 1
  const afterFirstDay = given.filter((_, index) => (timesS[index] ?? 0) >= startS + SECONDS_PER_DAY)
  const top = 1.1 * Math.max(largest(wanted), largest(afterFirstDay)) || 1
  const x = (timeS: number) => Math.round(((timeS - startS) / spanS) * WIDTH)
  const y = (value: number) => Math.round(HEIGHT - (value / top) * HEIGHT)
  const area = steps(thinned(timesS, wanted, WIDTH).map(([timeS, value]) => [x(timeS), y(value)]))
  const line = steps(stairs(timesS, given).map(([timeS, value]) => [x(timeS), y(value)]))
  const crosses = kills.map(timeS => cross(x(timeS), 8)).join('')
  return `<text x="${LEFT}" y="-6">${heading}</text>${levels(top, y)}${days(startS, spanS, x)}
<svg x="${LEFT}" width="${WIDTH}" height="${HEIGHT}"><title>${heading}</title><path class="wanted" d="M0 ${HEIGHT}V${area}V${HEIGHT}z"/><path class="given" d="M0 ${line}"/>${
    crosses === '' ? '' : `<path class="kill" d="${crosses}"/>`
  }</svg>`
}

/** A path from level to level, without what is on the way: `y` of the first, then `h` and `v` for each step. */
function steps(points: readonly (readonly [number, number])[]): string {
  let [x, y] = [0, points[0]?.[1] ?? 0]
  let path = String(y)
  for (const [nextX, nextY] of points) {
    if (nextY === y) continue
    path += `${nextX === x ? '' : `h${nextX - x}`}v${nextY - y}`
    x = nextX
    y = nextY
  }
  return `${path}H${WIDTH}`
}

/** Three lines or so at round values. */
function levels(top: number, y: (value: number) => number): string {
  const least = top / 3.5
  const power = 10 ** Math.floor(Math.log10(least))
  const step = ([1, 2, 5].find(factor => factor * power >= least) ?? 10) * power
  const values = Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step)
  return values
    .map(value => {
      const level = y(value)
      const label = Number(value.toPrecision(3))
      return `<path class="grid" d="M${LEFT} ${level}h${WIDTH}"/><text x="${LEFT - 6}" y="${level + 4}" text-anchor="end">${label}</text>`
    })
    .join('')
}

/** A name in the middle of each day, and a line where a week begins. */
function days(startS: number, spanS: number, x: (timeS: number) => number): string {
  const count = Math.round(spanS / SECONDS_PER_DAY)
  const first = Math.floor(startS / SECONDS_PER_DAY)
  return Array.from({ length: count }, (_, index) => {
    const day = (first + index - FIRST_MONDAY + 7) % 7
    const from = LEFT + x((first + index) * SECONDS_PER_DAY)
    const line = day === 0 && index > 0 ? `<path class="grid" d="M${from} 0v${HEIGHT}"/>` : ''
    const middle = from + x(startS + SECONDS_PER_DAY / 2)
    return `${line}<text x="${middle}" y="${HEIGHT + 14}" text-anchor="middle">${DAY_NAMES[day]}</text>`
  }).join('')
}

function cross(x: number, y: number): string {
  return `M${x - 4} ${y - 4}l8 8m0-8l-8 8`
}
