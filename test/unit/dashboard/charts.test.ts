import type { SeriesBody } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import {
  chartsOf,
  columnsOf,
  lonely,
  newestKnown,
  stepEndsS,
  topOf,
} from '../../../packages/dashboard/src/charts/chart.ts'
import { changeMarks, groupMarks, killMarks } from '../../../packages/dashboard/src/charts/marks.ts'
import { withEntry, withTail } from '../../../packages/dashboard/src/charts/tail.ts'
import { closer, moved, viewOf, zoomQuery } from '../../../packages/dashboard/src/charts/view.ts'
import { historyEntry } from '../../builders/history-entry.ts'

const START_MS = Date.parse('2026-01-05T10:00:00.000Z')
const at = (step: number) => new Date(START_MS + step * 10_000).toISOString()

/** Steps of ten seconds; each value is the number of its step. */
function series(from: number, to: number, changes: Partial<SeriesBody> = {}): SeriesBody {
  const column = Array.from({ length: to - from }, (_, step) => from + step)
  return {
    lxc_id: 101,
    since: at(from),
    until: at(to),
    step_seconds: 10,
    source: 'samples',
    cores_used: { min: column, mean: column, max: column.map(value => value + 1) },
    cores_given: column.map(() => 4),
    throttled_percent: column.map(() => 0),
    memory_used_mb: { min: column, mean: column, max: column },
    memory_given_mb: column.map(() => 1_024),
    memory_floor_mb: column,
    swap_used_mb: column.map(() => null),
    cpu_pressure_percent: column.map(() => 120),
    memory_pressure_percent: column.map(() => null),
    io_pressure_percent: column.map(() => 1),
    kills: column.map(() => 0),
    anomalies: [],
    changes: [],
    ...changes,
  }
}

const change = (step: number, before: object, after: object | null, changes: object = {}) =>
  historyEntry({ id: `at ${step}`, time: at(step), before, after, ...changes })

test('a series becomes columns for uPlot: ends of steps, the band from above, the lines', () => {
  const body = series(0, 3)
  const { cpu } = chartsOf(body)
  const endsS = stepEndsS(body, 3)
  expect(endsS).toEqual([10, 20, 30].map(seconds => START_MS / 1_000 + seconds))
  expect(columnsOf(cpu, endsS)).toEqual([endsS, [1, 2, 3], [0, 1, 2], [0, 1, 2], [4, 4, 4]])
})

test('an axis reaches above all that is known, and percent never beyond a hundred', () => {
  const { cpu, throttling, pressure } = chartsOf(series(0, 3))
  expect(topOf(cpu)).toBeCloseTo(4.32)
  expect(topOf(throttling)).toBe(10)
  expect(topOf(pressure)).toBe(100)
})

test('what is not known is a gap: a value alone between two is found, and the newest known one', () => {
  expect(lonely([null, 1, null, 2, 3, null, 4, undefined, 5])).toEqual([1])
  expect(lonely([1, null, 2])).toEqual([0, 2])
  const { cpu } = chartsOf(series(0, 4, { cores_used: { min: [], mean: [1, 0, null, null], max: [] } }))
  expect(newestKnown(cpu)).toBe(1)
})

test('steps that a slow monitor leaves empty are drawn through, a longer silence is a gap', () => {
  const slow = [
    1,
    null,
    2,
    3,
    null,
    4,
    null,
    5,
    null,
    6,
    null,
    7,
    null,
    8,
    null,
    null,
    null,
    null,
    9,
    null,
    10,
    null,
    11,
  ]
  const { cpu } = chartsOf(series(0, slow.length, { cores_given: slow }))
  const drawn = columnsOf(cpu, []).at(-1) ?? []
  expect(drawn.slice(0, 3)).toEqual([1, undefined, 2])
  expect(drawn.slice(13)).toEqual([8, null, null, null, null, 9, undefined, 10, undefined, 11])
  const quick = [1, 2, null, 3, ...Array.from({ length: 20 }, () => 4)]
  expect(columnsOf(chartsOf(series(0, 24, { cores_given: quick })).cpu, []).at(-1)).toEqual(quick)
})

test('changes are marks where what they changed is drawn; what was not made is none', () => {
  const had = { cores: 1, cpulimit: null, memory_mb: 512 }
  const entries = [
    change(3, had, { ...had, cores: 2, memory_mb: 256 }),
    change(1, had, { ...had, cores: 2 }),
    change(2, had, null, { outcome: 'refused', asked: { cores: 8 } }),
    change(4, had, null, { outcome: 'unknown', asked: { cores: 3 } }),
  ]
  const [s1, s3, s4] = [1, 3, 4].map(step => Date.parse(at(step)) / 1_000)
  expect(changeMarks(entries, 'cpu')).toMatchObject([
    { timeS: s1, value: 2, kind: 'up' },
    { timeS: s3, value: 2, kind: 'up' },
    { timeS: s4, value: 3, kind: 'up' },
  ])
  expect(changeMarks(entries, 'memory')).toMatchObject([{ timeS: s3, value: 256, kind: 'down' }])
})

test('marks that are too near to each other are one, which a kill gives its look', () => {
  const mark = (timeS: number, kind: 'up' | 'down') => ({ timeS, value: timeS, kind })
  const kills = killMarks([0, null, 2], [10, 20, 21])
  expect(kills).toEqual([{ timeS: 21, value: undefined, kind: 'kill', kills: 2 }])
  const groups = groupMarks([...kills, mark(20, 'up'), mark(5, 'down'), mark(90, 'up')], { fromS: 0, toS: 50 }, 2)
  expect(groups).toMatchObject([
    { timeS: 5, kind: 'down', marks: [{}] },
    { timeS: 21, value: 20, kind: 'kill', marks: [{ kind: 'up' }, { kind: 'kill' }] },
  ])
})

test('a tail replaces the newest steps, and as many of the oldest go as are new', () => {
  const old = series(0, 20, {
    changes: [change(0, {}, {}), change(15, {}, {})],
    anomalies: [
      { from: at(-9), until: at(1), text: 'over', features: [] },
      { from: at(12), until: null, text: 'lasts', features: [] },
    ],
  })
  const tail = series(12, 22, {
    changes: [change(21, {}, {}), change(15, {}, {})],
    anomalies: [{ from: at(12), until: at(21), text: 'ended', features: [] }],
  })
  const joined = withTail(old, tail)
  expect(joined).toMatchObject(series(2, 22, { changes: [{}, {}] as never, anomalies: [{ text: 'ended' }] as never }))
  expect(joined?.changes.map(({ id }) => id)).toEqual(['at 21', 'at 15'])
  expect(withTail(old, series(21, 31))).toBeUndefined()
  expect(withTail(old, { ...tail, step_seconds: 20 })).toBeUndefined()
  expect(withTail(old, { ...tail, since: at(12.5) })).toBeUndefined()
})

test('a change that is told twice is one', () => {
  const entry = change(15, {}, {})
  expect(withEntry(withEntry(series(0, 20), entry), entry).changes).toEqual([entry])
})

test('the URL says what is seen, and nonsense in it means the usual', () => {
  const view = (query: string) => viewOf(new URLSearchParams(query))
  expect(view('range=7d')).toEqual({ range: '7d', zoom: undefined })
  expect(view('range=9d&from=yesterday&until=2026-01-05T11:00:00Z')).toEqual({ range: '6h', zoom: undefined })
  expect(view(`from=${at(0)}&until=${at(1)}`).zoom).toBeUndefined()
  const zoom = { fromS: START_MS / 1_000, toS: START_MS / 1_000 + 3_600 }
  const { from, until } = zoomQuery(zoom)
  expect(view(`from=${from}&until=${until}`).zoom).toEqual(zoom)
  expect(zoomQuery(undefined)).toEqual({ from: undefined, until: undefined })
})

test('a zoom never goes nearer than two minutes', () => {
  const { from, until } = zoomQuery({ fromS: 1_000, toS: 1_010 })
  expect(Date.parse(until ?? '') - Date.parse(from ?? '')).toBe(120_000)
  expect(moved({ fromS: 100, toS: 200 }, -1)).toEqual({ fromS: 50, toS: 150 })
  expect(closer({ fromS: 100, toS: 200 })).toEqual({ fromS: 150, toS: 200 })
})
