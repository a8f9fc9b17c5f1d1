import type { ReplayBill } from './bill.ts'
import type { ReplayRun } from './closed-loop.ts'
import type { Trace } from './trace.ts'

/** One policy over one trace. */
export interface ReplayedPolicy {
  readonly policy: string
  readonly run: ReplayRun
  readonly bill: ReplayBill
}

export interface ReplayedTrace {
  readonly trace: Trace
  readonly policies: readonly ReplayedPolicy[]
}

const WIDTH = 960
const HEIGHT = 220
const POINTS = 960
const COLOURS = ['#8a8a8a', '#c2410c', '#1d4ed8', '#15803d', '#7e22ce']

/** One self-contained HTML page: per container the curves of demand and allocations, and the figures. No foreign asset. */
export function htmlReport(replayed: readonly ReplayedTrace[], title: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1000px;padding:0 1rem;color:#1c1917;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #e7e5e4}
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto;border:1px solid #e7e5e4}.key{margin-right:1.2em;white-space:nowrap}
.key i{display:inline-block;width:1.4em;height:.25em;vertical-align:middle;margin-right:.4em}
@media (prefers-color-scheme:dark){body{background:#1c1917;color:#e7e5e4}td,th,svg{border-color:#44403c}}
</style></head><body><h1>${escapeHtml(title)}</h1>
<p>Grey area: what the container wanted. Lines: what each policy would have given it.</p>
${replayed.map(containerSection).join('\n')}
</body></html>
`
}

function containerSection({ trace, policies }: ReplayedTrace): string {
  const charts = [
    chart(
      'cores',
      trace,
      trace.cpuCores,
      policies.map(({ policy, run }) => ({ policy, allocation: run.cores })),
    ),
    chart(
      'memory, MB',
      trace,
      trace.memoryMb,
      policies.map(({ policy, run }) => ({ policy, allocation: run.memoryMb })),
    ),
  ]
  return `<section><h2>${escapeHtml(trace.name)}</h2>${charts.join('')}${billTable(policies)}</section>`
}

function billTable(policies: readonly ReplayedPolicy[]): string {
  const head = ['policy', 'CPU unused', 'throttled', 'memory unused', 'swapped', 'killed', 'changes a day']
  const rows = policies.map(({ policy, bill: { days, cpu, memory, changes } }) => [
    escapeHtml(policy),
    percent(cpu?.slackPercent),
    percent(cpu?.shortPercent, 3),
    percent(memory?.slackPercent),
    memory === undefined ? '-' : String(memory.swapped),
    memory === undefined ? '-' : String(memory.kills),
    (changes / days).toFixed(1),
  ])
  return `<table><tr>${head.map(cell => `<th>${cell}</th>`).join('')}</tr>${rows
    .map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</table>`
}

interface Line {
  readonly policy: string
  readonly allocation: Float64Array | undefined
}

function chart(label: string, trace: Trace, demand: Float64Array | undefined, lines: readonly Line[]): string {
  if (demand === undefined) return ''
  const top = 1.05 * Math.max(largest(demand), ...lines.map(({ allocation }) => largest(allocation ?? demand)))
  const startS = trace.timesS[0] ?? 0
  const spanS = (trace.timesS.at(-1) ?? 1) - startS || 1
  const x = (timeS: number) => (((timeS - startS) / spanS) * WIDTH).toFixed(1)
  const y = (value: number) => (HEIGHT - (value / top) * HEIGHT).toFixed(1)
  const area = thinned(trace.timesS, demand).map(([timeS, value]) => `${x(timeS)},${y(value)}`)
  const paths = lines.map(({ policy, allocation }, index) => {
    const points = allocation === undefined ? [] : stairs(trace.timesS, allocation)
    const path = points.map(([timeS, value]) => `${x(timeS)},${y(value)}`).join(' ')
    return `<polyline fill="none" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="1.5" points="${path}"><title>${escapeHtml(policy)}</title></polyline>`
  })
  const keys = lines.map(
    ({ policy }, index) =>
      `<span class="key"><i style="background:${COLOURS[index % COLOURS.length]}"></i>${escapeHtml(policy)}</span>`,
  )
  return `<h3>${label} <small>(0 to ${top.toPrecision(3)}, ${(spanS / 86_400).toFixed(1)} days)</small></h3>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}"><polygon fill="#a8a29e" fill-opacity=".45" points="0,${HEIGHT} ${area.join(' ')} ${WIDTH},${HEIGHT}"/>${paths.join('')}</svg><p>${keys.join('')}</p>`
}

/** At most about POINTS points of a curve, keeping the peak of each stretch. */
function thinned(timesS: Float64Array, values: Float64Array): [number, number][] {
  const stretch = Math.max(1, Math.ceil(values.length / POINTS))
  const points: [number, number][] = []
  for (let start = 0; start < values.length; start += stretch) {
    const peak = largest(values.subarray(start, start + stretch))
    points.push([timesS[start] ?? 0, peak])
  }
  return points
}

/** The corners of a curve that stands still between changes. */
function stairs(timesS: Float64Array, values: Float64Array): [number, number][] {
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
function largest(values: Float64Array): number {
  let most = 0
  for (const value of values) if (value > most) most = value
  return most
}

function percent(value: number | undefined, digits = 1): string {
  return value === undefined ? '-' : `${value.toFixed(digits)} %`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
