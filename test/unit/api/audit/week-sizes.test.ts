import { changeKey, type HistoryEntryBody } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { WeekSizes } from '../../../../packages/api/src/audit/week-sizes.ts'
import { historyEntry } from '../../../builders/history-entry.ts'

const size = (cores: number) => ({ cores, cpulimit: null, memory_mb: 1_024, swap_mb: 512 })
const sinceMs = (time: string) => Date.parse(`2026-03-${time}Z`)

function byModel(time: string, before: number, after: number, overrides: Partial<HistoryEntryBody> = {}) {
  const idempotency_key = changeKey('0123456789abcdef', 101, 1)
  const moved = { before: size(before), after: size(after), idempotency_key }
  return historyEntry({ time: `2026-03-${time}Z`, ...moved, ...overrides })
}

async function* newestFirst(...oldestFirst: HistoryEntryBody[]): AsyncGenerator<HistoryEntryBody> {
  yield* oldestFirst.reverse()
}

const coresOf = async (sizes: WeekSizes, since: string) =>
  (await sizes.since(sinceMs(since))).map(({ lxc_id, cores }) => [lxc_id, cores])

test('what a container had is what the oldest change of the model since then found', async () => {
  const sizes = new WeekSizes(newestFirst(byModel('01T10:00:00', 8, 7), byModel('02T10:00:00', 7, 6)))
  sizes.note(byModel('03T10:00:00', 6, 5))
  expect(await coresOf(sizes, '01T00:00:00')).toEqual([[101, 8]])
  expect(await coresOf(sizes, '01T12:00:00')).toEqual([[101, 7]])
  expect(await coresOf(sizes, '02T12:00:00')).toEqual([[101, 6]])
  expect(await coresOf(sizes, '04T00:00:00')).toEqual([])
})

test('changes of people, and those that moved nothing, do not count', async () => {
  const sizes = new WeekSizes(newestFirst(byModel('01T10:00:00', 9, 8, { idempotency_key: null })))
  sizes.note(byModel('01T11:00:00', 8, 8))
  sizes.note(byModel('01T12:00:00', 8, 7, { outcome: 'refused' }))
  expect(await coresOf(sizes, '01T00:00:00')).toEqual([])
})

test('what comes while the log is read is kept once, also when the log has it by then', async () => {
  const early = byModel('01T10:00:00', 8, 7)
  const late = byModel('01T12:00:00', 7, 6)
  const sizes = new WeekSizes(newestFirst(early, late))
  for (const entry of [early, late, byModel('01T14:00:00', 6, 5)]) sizes.note(entry)
  expect(await coresOf(sizes, '01T00:00:00')).toEqual([[101, 8]])
  expect(await coresOf(sizes, '01T11:00:00')).toEqual([[101, 7]])
  expect(await coresOf(sizes, '01T13:00:00')).toEqual([[101, 6]])
})

test('another container under the same number has had nothing', async () => {
  const sizes = new WeekSizes(newestFirst(byModel('01T10:00:00', 8, 7)))
  await sizes.since(0)
  sizes.note(historyEntry({ action: 'clone-delete', outcome: 'applied' }))
  expect(await coresOf(sizes, '01T00:00:00')).toEqual([])
})
