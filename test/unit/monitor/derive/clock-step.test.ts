import { describe, expect, test } from 'vitest'
import { isClockStep } from '../../../../packages/monitor/src/cycle.ts'

describe('isClockStep', () => {
  const before = { monotonicMs: 1_000, wallMs: 1_000_000 }

  test.each([
    ['both went on alike', 10_000, 10_000, false],
    ['NTP slews', 10_000, 10_400, false],
    ['the clock was set forwards', 10_000, 3_610_000, true],
    ['the clock was set back', 10_000, -3_590_000, true],
    ['the machine slept: the monotonic clock stood still', 10, 60_000, true],
  ])('when %s: %s ms monotonic, %s ms wall', (_, monotonicMs, wallMs, expected) => {
    const after = { monotonicMs: before.monotonicMs + monotonicMs, wallMs: before.wallMs + wallMs }
    expect(isClockStep(before, after)).toBe(expected)
  })
})
