import { describe, expect, test } from 'vitest'
import { HabitPeaks, habitPeaksState } from '../../../../../packages/model/src/policy/policies/adaptive/habit-peaks.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const OPTIONS = { slotMs: 30 * MINUTE_MS, days: 5, rangeMs: 15 * MINUTE_MS }

/** What minutes of whole days had. */
function days(count: number, demand: (day: number, hour: number) => number): HabitPeaks {
  const habits = new HabitPeaks(OPTIONS)
  for (let timeMs = 0; timeMs < count * DAY_MS; timeMs += 10 * MINUTE_MS) {
    habits.add(timeMs, demand(Math.floor(timeMs / DAY_MS), (timeMs % DAY_MS) / HOUR_MS))
  }
  return habits
}

const at = (day: number, hour: number) => day * DAY_MS + hour * HOUR_MS

describe('HabitPeaks', () => {
  test('know nothing on the first day, and of one day nothing is a habit', () => {
    expect(days(1, () => 5).at(at(1, 3))).toBe(0)
  })

  test('know what two of the last days had at this time, a quarter of an hour before and after it too', () => {
    const habits = days(2, (_, hour) => (hour >= 3 && hour < 4 ? 8 : 1))
    expect([2.5, 2.8, 3.5, 4.2, 4.8].map(hour => habits.at(at(2, hour)))).toEqual([1, 8, 8, 8, 1])
  })

  test('take what was higher on one day alone for chance', () => {
    expect(days(4, (day, hour) => (day === 1 && hour < 1 ? 9 : 2)).at(at(4, 0.5))).toBe(2)
  })

  test.each([7, 14])('know what this weekday had, %i days ago', ago => {
    const habits = days(ago, (day, hour) => (day === 0 && hour >= 6 && hour < 8 ? 7 : 1))
    expect([habits.at(at(ago, 7)), habits.at(at(ago, 12))]).toEqual([7, 1])
    expect(days(ago + 1, day => (day === 0 ? 7 : 1)).at(at(ago + 1, 7))).toBe(1)
  })

  test('do not take what was not measured for what was there a round ago', () => {
    const habits = days(3, () => 5)
    habits.add(at(17, 12), 1)
    expect(habits.at(at(18, 3))).toBe(0)
  })

  test('bear a clock that goes back an hour, or years forward', () => {
    const habits = days(3, (_, hour) => (hour < 1 ? 6 : 1))
    habits.add(at(2, 22.9), 2)
    expect(habits.at(at(3, 0.5))).toBe(6)
    habits.add(at(4_000, 0), 3)
    expect(habits.at(at(4_001, 0.5))).toBe(0)
  })

  test('keep hundredths of a core, rounded up, and the same after being saved', () => {
    const habits = days(10, (_, hour) => (hour < 12 ? 3 : 0.304))
    const restored = new HabitPeaks(OPTIONS)
    restored.restore(habitPeaksState(OPTIONS).parse(JSON.parse(JSON.stringify(habits.serialise()))))
    for (const each of [habits, restored]) expect([each.at(at(10, 6)), each.at(at(10, 18))]).toEqual([3, 0.31])
  })

  test('take nothing that was saved with other slots', () => {
    const saved = new HabitPeaks({ ...OPTIONS, slotMs: HOUR_MS }).serialise()
    expect(habitPeaksState(OPTIONS).safeParse(saved).success).toBe(false)
  })
})
