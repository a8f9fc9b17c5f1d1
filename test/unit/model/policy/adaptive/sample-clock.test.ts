import { describe, expect, test } from 'vitest'
import { SampleClock } from '../../../../../packages/model/src/policy/policies/adaptive/sample-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A clock that has seen a sample a minute for ten minutes. */
function running(): SampleClock {
  const clock = new SampleClock()
  for (let i = 0; i <= 10; i++) clock.advance(i * MINUTE_MS)
  return clock
}

describe('SampleClock', () => {
  test('gives the time between two samples', () => {
    const clock = new SampleClock()
    clock.advance(0)
    expect([clock.advance(MINUTE_MS), clock.advance(3 * MINUTE_MS)]).toEqual([MINUTE_MS, 2 * MINUTE_MS])
  })

  test('takes a gap for no measurement, but for time that has passed', () => {
    const clock = running()
    expect(clock.advance(10 * MINUTE_MS + 5 * HOUR_MS)).toBe(3 * MINUTE_MS)
    expect(clock.ownMs).toBe(10 * MINUTE_MS + 5 * HOUR_MS)
  })

  test('passes over the same sample when it comes twice', () => {
    expect(running().advance(10 * MINUTE_MS)).toBe(0)
  })

  test.each([
    ['back by two minutes', -2 * MINUTE_MS],
    ['back by a day', -DAY_MS],
    ['forward by a year', 365 * DAY_MS],
  ])('goes on steadily when the clock of the host is set %s', (_, jumpMs) => {
    const clock = running()
    clock.advance(10 * MINUTE_MS + jumpMs)
    clock.advance(11 * MINUTE_MS + jumpMs)
    expect(clock.ownMs).toBe(12 * MINUTE_MS)
    expect(clock.ownTimeOf(11 * MINUTE_MS + jumpMs + 5_000)).toBe(12 * MINUTE_MS + 5_000)
  })

  test('never falls behind for a moment that lies before the newest sample', () => {
    expect(running().ownTimeOf(0)).toBe(10 * MINUTE_MS)
  })
})
