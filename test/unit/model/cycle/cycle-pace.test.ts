import { expect, test } from 'vitest'
import { CyclePace } from '../../../../packages/model/src/cycle/cycle-pace.ts'

test('looks every ten seconds until it has decided for the first time, and never less often than it is told', () => {
  const pace = new CyclePace()
  const after = (outcome: string, intervalMs = 60_000) => {
    pace.ended(outcome)
    return pace.intervalMs(intervalMs)
  }
  expect([after('unreadable'), after('stale'), after('no-allocations', 3_000)]).toEqual([10_000, 10_000, 3_000])
  expect([after('decided'), after('stale'), after('stale', 3_000)]).toEqual([60_000, 60_000, 3_000])
})
