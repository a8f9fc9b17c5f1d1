import { describe, expect, test } from 'vitest'
import { SlotPeaks, slotPeaksState } from '../../../../../packages/model/src/policy/policies/adaptive/slot-peaks.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const OPTIONS = { periodMs: DAY_MS, slotMs: 5 * MINUTE_MS, depth: 3, jobSlots: 4, jobRise: 2 }

function daySlots(): SlotPeaks {
  return new SlotPeaks(OPTIONS, { aheadMs: 15 * MINUTE_MS, backMs: 10 * MINUTE_MS })
}

/** Adds a sample a minute for whole days; `load` says the value by day and minute of the day. */
function addDays(slots: SlotPeaks, days: number, load: (day: number, minute: number) => number): void {
  for (let minute = 0; minute < days * 1_440; minute++) {
    slots.add(minute * MINUTE_MS, load(Math.floor(minute / 1_440), minute % 1_440))
  }
}

const isAt = (minute: number, from: number, length: number) => minute >= from && minute < from + length
const at = (day: number, hour: number, minute = 0) => day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS

describe('SlotPeaks', () => {
  test('knows a peak of yesterday from a quarter of an hour before its time on, and no longer after it', () => {
    const slots = daySlots()
    addDays(slots, 1, (_, minute) => (isAt(minute, 180, 5) ? 9 : 1))
    expect([at(1, 2, 40), at(1, 2, 45), at(1, 3, 10), at(1, 3, 15)].map(time => slots.highest(time))).toEqual([
      1, 9, 9, 1,
    ])
  })

  test('tells what was reached twice from what was reached once', () => {
    const slots = daySlots()
    addDays(slots, 2, (day, minute) => (isAt(minute, 180, 5) ? 5 + day : 1))
    expect([slots.highest(at(2, 3)), slots.second(at(2, 3))]).toEqual([6, 5])
  })

  test('forgets what is older than its depth', () => {
    const slots = daySlots()
    addDays(slots, 4, (day, minute) => (day === 0 && isAt(minute, 180, 5) ? 9 : 1))
    expect(slots.highest(at(4, 3))).toBe(1)
  })

  test('knows the job of yesterday, and its peak, before it begins', () => {
    const slots = daySlots()
    addDays(slots, 1, (_, minute) => (isAt(minute, 120, 40) ? 5 : 1) + (minute === 130 ? 1 : 0))
    expect([at(1, 1, 40), at(1, 1, 50), at(1, 3, 30)].map(time => slots.job(time))).toEqual([0, 6, 0])
  })

  test.each([
    ['a short burst', (minute: number) => (isAt(minute, 120, 10) ? 5 : 1)],
    ['load that rises slowly', (minute: number) => 1 + minute / 200],
    ['load that is always there', () => 5],
  ])('takes %s for no job', (_, load) => {
    const slots = daySlots()
    addDays(slots, 1, (_day, minute) => load(minute))
    expect(slots.job(at(1, 2))).toBe(0)
  })

  test('knows as much after being saved', () => {
    const slots = daySlots()
    addDays(slots, 2, (day, minute) => (isAt(minute, 180, 30) ? 5 + day : 1))
    const restored = daySlots()
    restored.restore(slotPeaksState(OPTIONS).parse(JSON.parse(JSON.stringify(slots.serialise()))))
    expect(restored.second(at(2, 3))).toBeCloseTo(slots.second(at(2, 3)), 1)
    expect(restored.job(at(2, 3))).toBeCloseTo(slots.job(at(2, 3)), 1)
  })

  test('finds times before 1970 as well', () => {
    const slots = daySlots()
    slots.add(-DAY_MS, 4)
    slots.add(-DAY_MS + 10 * MINUTE_MS, 1)
    expect(slots.highest(0)).toBe(4)
  })
})
