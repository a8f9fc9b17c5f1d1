import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WindowPeak, WindowPeakState } from '../../../../../packages/model/src/policy/policies/adaptive/window-peak.ts'

const SPAN_MS = 3_600_000
const PIECE_MS = SPAN_MS / 60

describe('WindowPeak', () => {
  test('has no peak before the first value', () => {
    expect(new WindowPeak(SPAN_MS).peak).toBe(0)
  })

  test('tells when the peak was, exact to a sixtieth of the window', () => {
    const window = new WindowPeak(SPAN_MS)
    window.add(PIECE_MS * 3.2, 9)
    window.add(PIECE_MS * 20, 5)
    expect(window.peakMs).toBe(PIECE_MS * 3.5)
  })

  test('gives the highest value of the window, exact to a sixtieth of it', () => {
    const series = fc.array(
      fc.record({ gapMs: fc.integer({ min: 1, max: 400_000 }), value: fc.integer({ min: 0, max: 50 }) }),
      {
        minLength: 1,
        maxLength: 200,
      },
    )
    fc.assert(
      fc.property(series, values => {
        const window = new WindowPeak(SPAN_MS)
        const seen: { timeMs: number; value: number }[] = []
        let timeMs = 0
        for (const { gapMs, value } of values) {
          timeMs += gapMs
          seen.push({ timeMs, value })
          window.add(timeMs, value)
          const within = (spanMs: number) =>
            Math.max(0, ...seen.filter(each => each.timeMs > timeMs - spanMs).map(each => each.value))
          expect(window.peak).toBeGreaterThanOrEqual(within(SPAN_MS - PIECE_MS))
          expect(window.peak).toBeLessThanOrEqual(within(SPAN_MS + PIECE_MS))
        }
      }),
    )
  })

  test('keeps a bounded state however often values fall', () => {
    const window = new WindowPeak(SPAN_MS)
    for (let i = 0; i < 100_000; i++) window.add(i * 10, 1_000_000 - i)
    expect(JSON.stringify(window.serialise()).length).toBeLessThan(500)
    expect(window.peak).toBe(1_000_000)
  })

  test('goes on where it was after being saved', () => {
    const window = new WindowPeak(SPAN_MS)
    for (const [timeMs, value] of [
      [0, 9],
      [600_000, 5],
      [1_200_000, 7],
      [1_800_000, 2],
    ] as const)
      window.add(timeMs, value)
    const restored = new WindowPeak(SPAN_MS)
    restored.restore(WindowPeakState.parse(JSON.parse(JSON.stringify(window.serialise()))))
    for (const each of [window, restored]) each.add(4_000_000, 1)
    expect([restored.peak, restored.peakMs]).toEqual([7, window.peakMs])
    expect(restored.serialise()).toEqual(window.serialise())
  })

  test('of another length takes over what was saved with the times that it had', () => {
    const window = new WindowPeak(SPAN_MS)
    window.add(100 * SPAN_MS, 9)
    window.add(100.5 * SPAN_MS, 5)
    const longer = new WindowPeak(2 * SPAN_MS)
    longer.restore(WindowPeakState.parse(JSON.parse(JSON.stringify(window.serialise()))))
    longer.expire(101.9 * SPAN_MS)
    expect([longer.peak, longer.peakMs / SPAN_MS]).toEqual([9, expect.closeTo(100, 1)])
    longer.expire(102.1 * SPAN_MS)
    expect(longer.peak).toBe(5)
  })

  test.each([
    [undefined],
    [null],
    [[7, 1, 'AAA=', '']],
    [[7, 0, 'AA==', 'AACAPw==']],
    [['x', 1, 'AA==', 'AACAPw==']],
    ['text'],
  ])('takes nothing from %j', saved => {
    expect(WindowPeakState.safeParse(saved).success).toBe(false)
  })
})
