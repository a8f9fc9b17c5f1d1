// What is to be reached, and the row that tells. Pure.
import { shown } from './scale-figures.mjs'

const model = size => ({ bench: 'model', case: size })
const api = route => ({ bench: 'api', case: route })
/** Of several Node.js the last one is what the package carries. */
const start = subject => ({ bench: 'start', case: subject })
/** `most` or `least` is the goal. */
const GOALS = [
  {
    what: 'monitor, 1,000 containers: CPU time to that of a C program',
    bench: 'monitor',
    case: '1000',
    metric: 'ratio_to_c',
    most: 2.2,
  },
  {
    what: 'monitor, 1,000 containers, after 1,000 cycles: memory',
    bench: 'monitor',
    case: '1000',
    metric: 'rss_mb',
    most: 100,
  },
  { what: 'model, 1,000 containers × 1,000 samples: a cycle', ...model('1000x1000'), metric: 'cycle_ms', most: 150 },
  { what: 'the same: memory', ...model('1000x1000'), metric: 'rss_mb', most: 200 },
  { what: 'the same: first decision, nothing saved', ...model('1000x1000'), metric: 'cold_start_ms', most: 8_000 },
  { what: 'the same: first decision, with saved state', ...model('1000x1000'), metric: 'warm_start_ms', most: 2_000 },
  {
    what: 'the same: longest cycle that saves, to the median',
    ...model('1000x1000'),
    metric: 'save_cycle_ratio',
    most: 1.5,
  },
  {
    what: '200 containers × 1,000: first decision, nothing saved',
    ...model('200x1000'),
    metric: 'cold_start_ms',
    most: 2_000,
  },
  { what: 'the same: with saved state', ...model('200x1000'), metric: 'warm_start_ms', most: 600 },
  { what: 'API, configurations of 200 containers', ...api('/resource/lxc/configs'), metric: 'read_200_ms', most: 8 },
  {
    what: 'API, `/health/check`: share of the requests/s of a bare `node:http` server',
    ...api('/health/check'),
    metric: 'share_of_bare',
    least: 45,
  },
  {
    what: 'API, `/resource/lxc/config`: the same',
    ...api('/resource/lxc/config'),
    metric: 'share_of_bare',
    least: 30,
  },
  {
    what: 'API, `/health/check`, slowest of a hundred at 200 connections, to that of the bare server',
    ...api('/health/check'),
    metric: 'p99_ratio',
    most: 2,
  },
  {
    what: 'forest, 60,000 rows: times as fast as scikit-learn',
    bench: 'forest',
    case: '60000',
    metric: 'speedup_vs_sklearn',
    least: 8,
  },
  {
    what: "forest, 10,000 rows: times as fast as npm's",
    bench: 'forest',
    case: '10000',
    metric: 'speedup_vs_npm',
    least: 60,
  },
  {
    what: 'the three daemons idle, 60 containers: memory',
    ...start('three daemons'),
    metric: 'idle_rss_mb',
    most: 150,
  },
  {
    what: '`lxc-autoscale --version`: time above `node -e 0`',
    ...start('--version'),
    metric: 'above_node_ms',
    most: 60,
  },
  { what: '`lxc-autoscale status`: the same', ...start('status'), metric: 'above_node_ms', most: 60 },
]

/** Units that say nothing beside the words. */
const RATIOS = new Set(['x', 'ratio'])

/** What was measured of it; what was not is left out. */
export function goalsTable(rows) {
  const found = GOALS.flatMap(goal => {
    const row = rows.findLast(each => isOf(each, goal))
    return row === undefined ? [] : [{ ...goal, value: row.value, unit: RATIOS.has(row.unit) ? '' : row.unit }]
  })
  return {
    header: ['what', 'goal', 'measured', 'reached'],
    rows: found.map(({ what, value, unit, most, least }) => [
      what,
      [most === undefined ? 'at least' : 'at most', shown(most ?? least), unit].join(' ').trim(),
      `${shown(value)} ${unit}`.trim(),
      value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? 0) ? 'yes' : 'no',
    ]),
  }
}

function isOf(row, { bench, case: subject, metric }) {
  const isCase = String(row.case) === subject || String(row.case).startsWith(`${subject}, `)
  return row.bench === bench && isCase && row.metric === metric
}
