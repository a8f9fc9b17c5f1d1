import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Counter } from '../../../../packages/monitor/src/derive/counter.ts'

const STEP_MS = 10_000
/** At most 100 in ten seconds. */
const newCounter = (onImplausible = (_value: number, _most: number) => {}) =>
  new Counter({ most: 2 ** 53, mostGrowth: elapsedMs => elapsedMs / 100, onImplausible })

/** What a counter grew by at each of the readings, ten seconds apart; undefined is a reading that failed. */
function growths(values: readonly (number | undefined)[]): readonly (number | undefined)[] {
  const counter = newCounter()
  return values.map((value, at) => {
    counter.take(value, { monotonicMs: at * STEP_MS, clockEpoch: 0 })
    return counter.growth
  })
}

describe('a counter', () => {
  test.each([
    ['has no growth at the first reading', [5], [undefined]],
    ['grows, or stands still', [5, 7, 7, 107], [undefined, 2, 0, 100]],
    [
      'has no growth when a reading failed, nor at the next one',
      [5, undefined, 7, 9],
      [undefined, undefined, undefined, 2],
    ],
    [
      'that leaps is not believed, and the next good value shows no growth that never was',
      [500, 2 ** 40, 520],
      [undefined, undefined, 20],
    ],
    ['that goes down and comes back shows no growth that never was', [500, 3, 520], [undefined, undefined, 20]],
    ['that was set back is believed when two readings agree', [500, 3, 10, 12], [undefined, undefined, 7, 2]],
    ['that was moved on is believed when two readings agree', [500, 9_000, 9_010], [undefined, undefined, 10]],
    [
      'has no growth where it cannot be told which reading was wrong',
      [50, 3, 60, 70],
      [undefined, undefined, undefined, 10],
    ],
    [
      'that went below zero never becomes what is believed',
      [50, 2 ** 64, 2 ** 64, 2 ** 64, 60],
      [undefined, undefined, undefined, undefined, 10],
    ],
    [
      'that is below zero at first is known from the first good value on',
      [2 ** 64, 50, 60],
      [undefined, undefined, 10],
    ],
  ])('%s', (_, values, expected) => {
    expect(growths(values)).toEqual(expected)
  })

  test('says which bound a value is above, and nothing of one that went down', () => {
    const complaints: [value: number, most: number][] = []
    const counter = newCounter((value, most) => complaints.push([value, most]))
    const possible = [500, 1_000, 400, 2 ** 60, 530].map((value, at) =>
      counter.take(value, { monotonicMs: at * STEP_MS, clockEpoch: 0 }),
    )
    expect(possible).toEqual([true, false, true, false, true])
    expect(complaints).toEqual([
      [1_000, 600],
      [2 ** 60, 2 ** 53],
    ])
  })

  test('can have another bound at each reading', () => {
    const complaints: number[] = []
    const counter = newCounter((_, most) => complaints.push(most))
    expect(counter.take(500, { monotonicMs: 0, clockEpoch: 0 }, 400)).toBe(false)
    expect(complaints).toEqual([400])
  })

  test('has a rate over the time since the reading that was believed', () => {
    const counter = newCounter()
    counter.take(500, { monotonicMs: 0, clockEpoch: 0 })
    counter.take(2 ** 40, { monotonicMs: 10_000, clockEpoch: 0 })
    counter.take(520, { monotonicMs: 20_000, clockEpoch: 0 })
    expect(counter.growthPerMs).toBe(20 / 20_000)
  })

  test('has no rate where a clock stepped meanwhile, and none where no time passed', () => {
    const counter = newCounter()
    counter.take(500, { monotonicMs: 0, clockEpoch: 0 })
    counter.take(510, { monotonicMs: 10_000, clockEpoch: 1 })
    expect([counter.growth, counter.growthPerMs]).toEqual([10, undefined])
    counter.take(510, { monotonicMs: 10_000, clockEpoch: 1 })
    expect([counter.growth, counter.growthPerMs]).toEqual([0, undefined])
  })

  test('never grows by less than nothing or by more than can be, whatever is read', () => {
    const value = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(undefined, 2 ** 53, 2 ** 63, 2 ** 64))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), values => {
        growths(values).forEach((growth, at) => {
          if (growth !== undefined) expect(growth).toBeGreaterThanOrEqual(0)
          if (growth !== undefined) expect(growth).toBeLessThanOrEqual(at * 100)
        })
      }),
    )
  })

  test('shows the same after one wrong reading as without it, or nothing', () => {
    const growth = fc.integer({ min: 0, max: 100 })
    const wrong = fc.oneof(fc.nat({ max: 2_000 }), fc.constantFrom(2 ** 40, 2 ** 63, 2 ** 64))
    fc.assert(
      fc.property(fc.array(growth, { minLength: 5, maxLength: 20 }), fc.nat({ max: 3 }), wrong, (steps, where, odd) => {
        let total = 100_000
        const right = steps.map(step => (total += step))
        const disturbed = right.with(where + 1, odd)
        const [expected, found] = [growths(right), growths(disturbed)]
        for (let at = where + 3; at < right.length; at++) expect(found[at]).toBe(expected[at])
        expect([undefined, (expected[where + 2] ?? 0) + (expected[where + 1] ?? 0)]).toContain(found[where + 2])
      }),
    )
  })
})
