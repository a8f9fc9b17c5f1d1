import { expect, test } from 'vitest'
import { inHeldOrder, readView, viewRows } from '../../../packages/dashboard/src/fleet-view.ts'
import { rowsInView } from '../../../packages/dashboard/src/overview/row-window.ts'
import { overviewRow } from '../../builders/overview-row.ts'

const change = (time: string) => ({ id: 'a', time, who: 'model', is_by_model: true, text: '', reason: null })
const rows = [
  overviewRow({
    lxc_id: 103,
    name: 'web-1',
    tags: ['prod'],
    cores_used: 1.9,
    last_change: change('2026-03-01T00:00:00Z'),
  }),
  overviewRow({ lxc_id: 101, name: 'db', tier: 'databases', state: 'abnormal', memory_used_mb: 1_000 }),
  overviewRow({ lxc_id: 102, name: null, state: 'no_data', cores_used: null, memory_used_mb: null }),
  overviewRow({ lxc_id: 104, name: 'Web-2', cores_given: null, last_change: change('2026-03-02T00:00:00Z') }),
]
const shown = (query: string) => viewRows(rows, readView(new URLSearchParams(query))).map(({ lxc_id: vmid }) => vmid)

test('without a query all are shown by their numbers', () => {
  expect(shown('')).toEqual([101, 102, 103, 104])
  expect(shown('sort=nonsense&state=nonsense')).toEqual([101, 102, 103, 104])
})

test('each filter of the query holds', () => {
  expect(shown('q=WEB')).toEqual([103, 104])
  expect(shown('q=web+prod')).toEqual([103])
  expect(shown('q=102')).toEqual([102])
  expect(shown('state=abnormal,no_data')).toEqual([101, 102])
  expect(shown('tag=prod')).toEqual([103])
  expect(shown('tier=databases')).toEqual([101])
  expect(shown('tier=databases&tag=prod')).toEqual([])
})

test('each column sorts both ways, and what is not known comes last in both', () => {
  expect(shown('sort=-number')).toEqual([104, 103, 102, 101])
  expect(shown('sort=name')).toEqual([102, 101, 103, 104])
  expect(shown('sort=state')).toEqual([101, 102, 103, 104])
  expect(shown('sort=cpu')).toEqual([101, 103, 102, 104])
  expect(shown('sort=-cpu')).toEqual([103, 101, 102, 104])
  expect(shown('sort=-memory')).toEqual([101, 103, 104, 102])
  expect(shown('sort=change')).toEqual([104, 103, 101, 102])
  expect(shown('sort=-change')).toEqual([103, 104, 101, 102])
})

test('while the order is held nothing moves, and what is new comes last', () => {
  expect(inHeldOrder(rows, [104, 101, 103]).map(({ lxc_id: vmid }) => vmid)).toEqual([104, 101, 103, 102])
})

test('the rows that are drawn cover what is seen, wherever the page is scrolled to', () => {
  for (let scrolledPx = -500; scrolledPx < 5_000; scrolledPx += 97) {
    const { first, end } = rowsInView({ top: -scrolledPx, rowPx: 54, viewPx: 900 })
    expect(first * 54).toBeLessThanOrEqual(Math.max(0, scrolledPx))
    expect(end * 54).toBeGreaterThanOrEqual(scrolledPx + 900)
    expect(end - first).toBeLessThan(60)
  }
})
