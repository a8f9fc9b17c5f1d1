import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

interface Row {
  readonly bench: string
  readonly case: string
  readonly metric: string
  readonly value: number
  readonly unit: string
  readonly spread?: number
}
interface Line {
  readonly row: Row
  readonly ratio?: number
  readonly verdict: string
}

const bench = join(import.meta.dirname, '../../../scripts/bench')
const {
  parseRows,
  compareRuns,
}: { parseRows(text: string, name: string): Row[]; compareRuns(oldRows: Row[], newRows: Row[]): Line[] } = await import(
  `${bench}/compare.mjs`
)
const {
  growthExponent,
  joinRuns,
}: { growthExponent(points: readonly (readonly [number, number])[]): number; joinRuns(runs: Row[][]): Row[] } =
  await import(`${bench}/statistics.mjs`)

/** The text of a run on a machine that takes `calibrationMs`. */
function runOf(calibrationMs: number | undefined, ...rows: Partial<Row>[]): string {
  const machine = { bench: 'machine', case: 'Made-up CPU', metric: 'calibration_ms', value: calibrationMs, unit: 'ms' }
  const all = rows.map(row => ({
    bench: 'model',
    case: '200x1000',
    metric: 'cycle_ms',
    unit: 'ms',
    value: 100,
    ...row,
  }))
  return [
    '',
    '> bench',
    ...(calibrationMs === undefined ? all : [machine, ...all]).map(row => JSON.stringify(row)),
  ].join('\n')
}

function compared(old: string, now: string): [metric: string, verdict: string][] {
  const lines = compareRuns(parseRows(old, 'OLD.json'), parseRows(now, 'NEW.json'))
  return lines.map(({ row, verdict }) => [row.metric, verdict])
}

describe('a comparison of two runs', () => {
  test.each([
    ['within noise', runOf(5, {}), runOf(5, { value: 125 }), 'same'],
    ['slower', runOf(5, {}), runOf(5, { value: 140 }), 'worse'],
    ['quicker', runOf(5, {}), runOf(5, { value: 60 }), 'better'],
    ['as slow as the machine', runOf(5, {}), runOf(10, { value: 200 }), 'same'],
    ['as quick, on a machine half as quick', runOf(5, {}), runOf(10, {}), 'better'],
    ['a time of a run without calibration', runOf(undefined, {}), runOf(5, { value: 300 }), 'unknown'],
    [
      'a rate that fell',
      runOf(5, { metric: 'requests_per_second', unit: '1/s' }),
      runOf(5, { metric: 'requests_per_second', unit: '1/s', value: 50 }),
      'worse',
    ],
    [
      'a rate that fell with the machine',
      runOf(5, { metric: 'requests_per_second', unit: '1/s' }),
      runOf(10, { metric: 'requests_per_second', unit: '1/s', value: 50 }),
      'same',
    ],
    [
      'a ratio, whatever the machine',
      runOf(5, { metric: 'ratio_to_c', unit: '', value: 2 }),
      runOf(10, { metric: 'ratio_to_c', unit: '', value: 3 }),
      'worse',
    ],
    [
      'a speed-up that grew',
      runOf(5, { metric: 'speedup_vs_npm', unit: 'x', value: 60 }),
      runOf(5, { metric: 'speedup_vs_npm', unit: 'x', value: 90 }),
      'better',
    ],
    [
      'memory',
      runOf(5, { metric: 'rss_mb', unit: 'MB' }),
      runOf(10, { metric: 'rss_mb', unit: 'MB', value: 115 }),
      'worse',
    ],
    ['the slowest of many', runOf(5, { metric: 'p99_ms' }), runOf(5, { metric: 'p99_ms', value: 150 }), 'same'],
    [
      'what was nothing',
      runOf(5, { metric: 'forks_per_cycle', unit: '', value: 0 }),
      runOf(5, { metric: 'forks_per_cycle', unit: '', value: 1 }),
      'worse',
    ],
    ['too little to tell', runOf(5, { value: 0.01 }), runOf(5, { value: 0.04 }), 'same'],
    [
      'waits that are pretended',
      runOf(5, { case: 'pct, 1200 ms pretended' }),
      runOf(10, { case: 'pct, 1200 ms pretended' }),
      'same',
    ],
    ['runs that were far apart', runOf(5, { spread: 0.3 }), runOf(5, { value: 150, spread: 0.3 }), 'same'],
  ])('%s', (_, old, now, verdict) => {
    expect(compared(old, now)).toEqual([[expect.any(String), verdict]])
  })

  test('takes no ratio for moved whose machine changed its pace meanwhile', () => {
    const beside = { bench: 'machine', case: 'model', metric: 'calibration_ms', value: 5, spread: 0.6 }
    const ratio = { metric: 'ratio_to_c', unit: '' }
    expect(compared(runOf(5, ratio), runOf(5, { ...ratio, value: 150 }, beside))).toEqual([['ratio_to_c', 'same']])
  })

  test('goes by the calibration beside the bench, where there is one', () => {
    const beside = (value: number) => ({ bench: 'machine', case: 'model', metric: 'calibration_ms', value })
    expect(compared(runOf(5, {}, beside(5)), runOf(5, { value: 200 }, beside(10)))).toEqual([['cycle_ms', 'same']])
  })

  test('tells what is new, and what is gone of a bench that ran again', () => {
    const old = runOf(5, { metric: 'old_ms' }, { bench: 'store', metric: 'append_ms' })
    expect(compared(old, runOf(5, { metric: 'new_ms' }))).toEqual([
      ['new_ms', 'new'],
      ['old_ms', 'gone'],
    ])
  })

  test('is refused for a file without rows', () => {
    expect(() => parseRows('> bench\n', 'OLD.json')).toThrow('OLD.json has no row')
  })
})

test('repeated runs are joined to their median and how far they were apart', () => {
  const rows = [90, 100, 130].map(value => parseRows(runOf(undefined, { value }), 'RUN'))
  expect(joinRuns(rows)).toEqual([expect.objectContaining({ value: 100, spread: 0.4, runs: 3 })])
})

test('the exponent of growth is that of the power', () => {
  const points = [10, 100, 1_000].map((x): [number, number] => [x, 3 * x ** 1.5])
  expect(growthExponent(points)).toBeCloseTo(1.5)
})
