// What the Python predecessor was measured to need, beside what a run of ours says of the same. Pure.
import { shown } from './scale-figures.mjs'

/**
 * Source: LXC AutoScale ML 1.3 with the Python packages of Debian 12 on an Intel Xeon with 2 cores, measured once, medians; a stand-in for
 * `pct`, written in C, that costs nothing but its start; its API in gunicorn as shipped, asked by wrk with 8 connections.
 */
const FIGURES = [
  { what: 'monitor, a cycle of 10 containers, CPU', theirs: 110, unit: 'ms', ours: scale('10', 'monitor_cpu_ms') },
  {
    what: 'monitor, a cycle of 1,000 containers, CPU',
    theirs: 9_860,
    unit: 'ms',
    ours: scale('1000', 'monitor_cpu_ms'),
  },
  {
    what: 'monitor, processes started for a cycle of 1,000',
    theirs: 9_001,
    unit: '',
    ours: of('monitor', '1000', 'forks_per_cycle'),
  },
  {
    what: 'metrics file of 200 containers with 1,000 entries: to keep one more',
    theirs: 5_317,
    unit: 'ms',
    ours: of('store', '200x1000', 'append_ms'),
  },
  {
    what: 'model, a cycle of 200 containers, 1,000 entries',
    theirs: 21_300,
    unit: 'ms',
    ours: of('model', '200x1000', 'cycle_ms'),
  },
  {
    what: 'model, a cycle of 1,000 containers, 1,000 entries',
    theirs: 145_100,
    unit: 'ms',
    ours: of('model', '1000x1000', 'cycle_ms'),
  },
  { what: 'the same, memory', theirs: 2_287, unit: 'MB', ours: of('model', '1000x1000', 'rss_mb') },
  {
    what: 'API, `/health/check`, requests a second',
    theirs: 1_435,
    unit: '1/s',
    ours: of('api', '/health/check', 'requests_per_second'),
  },
  {
    what: 'API, `/resource/lxc/config`, requests a second',
    theirs: 555,
    unit: '1/s',
    ours: of('api', '/resource/lxc/config', 'requests_per_second'),
  },
  { what: 'API, memory, idle', theirs: 75, unit: 'MB', ours: of('api', 'daemon', 'rss_mb') },
]

export function predecessorTable(rows) {
  const found = FIGURES.flatMap(figure => {
    const row = rows.find(figure.ours)
    return row === undefined ? [] : [{ ...figure, value: row.value }]
  })
  return {
    header: ['what', 'predecessor', 'ours', 'unit'],
    rows: found.map(({ what, theirs, unit, value }) => [what, shown(theirs), shown(value), unit]),
  }
}

function scale(containers, metric) {
  return of('scale', containers, metric)
}

function of(bench, subject, metric) {
  return row => row.bench === bench && String(row.case) === subject && row.metric === metric
}
