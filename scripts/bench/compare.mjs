// Two runs, row by row: what moved beyond noise. Pure.
import { isSame } from './statistics.mjs'

/**
 * What counts as noise, as a share of the value; a difference of `least` in the unit of the row never counts. Times and rates are
 * compared after the calibrations of both runs are taken out (`power`); ratios, sizes and counts as they are. Set by hand: two runs of
 * the same monitor on a loaded machine had ratios up to 16 % apart from 100 containers on, and sizes 1 %.
 */
const BY_UNIT = {
  s: { noise: 0.3, least: 0.01, power: 1 },
  ms: { noise: 0.3, least: 0.05, power: 1 },
  us: { noise: 0.3, least: 0.1, power: 1 },
  '1/s': { noise: 0.3, least: 1, power: -1 },
  '%': { noise: 0.3, least: 2, power: 0 },
  MB: { noise: 0.1, least: 2, power: 0 },
  KB: { noise: 0.1, least: 1, power: 0 },
  kB: { noise: 0.1, least: 1, power: 0 },
  '': { noise: 0.2, least: 0.02, power: 0 },
}
/** To a reference of the same run, whatever the unit. */
const RATIO = { name: /^(ratio|share|speedup)_|_ratio$/, noise: 0.2, least: 0, power: 0 }
/** A few of the slowest say less than the median of all. */
const TAIL = { name: /p9\d|max|peak|slowest/, noise: 0.6 }
const HIGHER_IS_BETTER = /^(speedup|share)_|per_second/
/** Waits that are pretended do not depend on the machine. */
const WAITS = /[1-9]\d* ms pretended/

/** The rows of a run as it was printed; what is no row (npm says what it starts) is passed over. @throws {RangeError} without any */
export function parseRows(text, name) {
  const rows = text.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line)] : []))
  if (rows.length === 0) throw new RangeError(`${name} has no row of a run with --json`)
  return rows
}

/**
 * One line for each row of either run: {row, old, new, ratio, noise, verdict}; `ratio` is new to old without what the machines differ by.
 * Verdicts: better, worse, same (within noise), new, gone (of a bench that ran again), unknown (a time or rate without calibration).
 */
export function compareRuns(oldRows, newRows) {
  const benches = new Set(newRows.map(({ bench }) => bench))
  const figures = rows => rows.filter(({ bench }) => bench !== 'machine')
  const compared = figures(newRows).map(row => {
    const old = oldRows.find(each => isSame(each, row))
    if (old === undefined) return { row, new: row.value, verdict: 'new' }
    return { row, old: old.value, new: row.value, ...judged(old, row, machineFactor(row.bench, oldRows, newRows)) }
  })
  const gone = figures(oldRows).filter(old => benches.has(old.bench) && !newRows.some(row => isSame(row, old)))
  return [...compared, ...gone.map(row => ({ row, old: row.value, verdict: 'gone' }))]
}

/** How much longer the same work took on the machine of the new run, and how far the pace changed meanwhile; no factor when one run does not tell. */
function machineFactor(bench, oldRows, newRows) {
  const [old, now] = [oldRows, newRows].map(rows => {
    const calibrations = rows.filter(row => row.bench === 'machine')
    return calibrations.find(row => row.case === bench) ?? calibrations[0]
  })
  const factor = old === undefined || now === undefined ? undefined : now.value / old.value
  return { factor, spread: (old?.spread ?? 0) + (now?.spread ?? 0) }
}

function judged(old, row, machine) {
  const kind = RATIO.name.test(row.metric) ? RATIO : (BY_UNIT[row.unit] ?? BY_UNIT[''])
  const power = WAITS.test(row.case) ? 0 : kind.power
  if (power !== 0 && machine.factor === undefined) return { verdict: 'unknown' }
  const ratio = row.value / old.value / (power === 0 ? 1 : machine.factor ** power)
  // A machine that changed its pace meanwhile gave a figure and its reference different ones too.
  const pace = kind === RATIO || power !== 0 ? machine.spread : 0
  const noise = Math.max(TAIL.name.test(row.metric) ? TAIL.noise : kind.noise, apart(old, row) + pace)
  return { ratio, noise, verdict: verdictOf({ old, row, ratio, noise, least: kind.least }) }
}

/** How far repeated runs were apart. */
function apart(old, row) {
  return (old.spread ?? 0) + (row.spread ?? 0)
}

function verdictOf({ old, row, ratio, noise, least }) {
  // A ratio to nothing, or to less, is none.
  const isRatio = old.value > 0 && row.value > 0
  const difference = isRatio ? old.value * (ratio - 1) : row.value - old.value
  const isNoise = isRatio && ratio <= 1 + noise && ratio >= 1 / (1 + noise)
  if (isNoise || Math.abs(difference) <= least) return 'same'
  return difference > 0 === HIGHER_IS_BETTER.test(row.metric) ? 'better' : 'worse'
}

/** The comparison as a table; what moved is marked in its last column. */
export function comparisonTable(lines) {
  return {
    title: 'old and new; ratio: new to old, for times and rates without what the machines differ by',
    header: ['bench', 'case', 'metric', 'old', 'new', 'unit', 'ratio', 'noise', ''],
    rows: lines.map(({ row, old, new: now, ratio, noise, verdict }) => [
      row.bench,
      String(row.case),
      row.metric,
      figure(old),
      figure(now),
      row.unit,
      ratio === undefined || !Number.isFinite(ratio) ? '' : ratio.toFixed(2),
      noise === undefined ? '' : `${(100 * noise).toFixed(0)} %`,
      verdict === 'same' ? '' : verdict,
    ]),
  }
}

export function figure(value) {
  if (value === undefined) return ''
  return Number.isInteger(value) ? String(value) : value.toPrecision(4)
}
