import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../../../packages/model/src/forest/random.ts'

describe('Random', () => {
  test('gives the same numbers for the same seed and stream, and others otherwise', () => {
    const numbers = (seed: number, stream: number) => {
      const random = new Random(seed, stream)
      return Array.from({ length: 5 }, () => random.uint32())
    }
    expect(numbers(1, 2)).toEqual(numbers(1, 2))
    expect(numbers(1, 2)).not.toEqual(numbers(1, 3))
    expect(numbers(1, 2)).not.toEqual(numbers(2, 2))
    expect(numbers(1, 2)).not.toEqual(numbers(1 + 2 ** 32, 2))
  })

  test('spreads evenly over 0 to 1, in mean, variance and tenths', () => {
    const random = new Random(5)
    const drawn = Array.from({ length: 100_000 }, () => random.uniform())
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length
    expect(mean).toBeCloseTo(0.5, 2)
    expect(variance).toBeCloseTo(1 / 12, 2)
    const tenths = drawn.reduce(
      (counts, value) => counts.with(Math.floor(value * 10), (counts[Math.floor(value * 10)] ?? 0) + 1),
      Array(10).fill(0),
    )
    const chiSquare = tenths.reduce((sum: number, count: number) => sum + (count - 10_000) ** 2 / 10_000, 0)
    // 9 degrees of freedom: 27.9 is passed once in a thousand.
    expect(chiSquare).toBeLessThan(27.9)
  })

  test('stays below every limit and reaches every number below a small one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.nat(), (limit, seed) => {
        const drawn = new Random(seed).below(limit)
        expect(drawn >= 0 && drawn < limit && Number.isInteger(drawn)).toBe(true)
      }),
    )
    const random = new Random(1)
    expect(new Set(Array.from({ length: 200 }, () => random.below(7))).size).toBe(7)
  })
})
