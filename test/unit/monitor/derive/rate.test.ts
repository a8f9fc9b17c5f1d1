import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { growth, ratePerMs } from '../../../../packages/monitor/src/derive/rate.ts'

describe('growth', () => {
  test.each([
    ['a first reading', undefined, 5, undefined],
    ['a failed reading', 5, undefined, undefined],
    ['a counter that went backwards', 5, 4, undefined],
    ['a counter that stood still', 5, 5, 0],
    ['a counter that grew', 5, 7, 2],
  ])('of %s', (_, previous, current, expected) => {
    expect(growth({ previous, current })).toBe(expected)
  })
})

describe('ratePerMs', () => {
  test.each([
    ['no time is known to have passed', undefined],
    ['no time passed', 0],
    ['time went backwards', -5],
  ])('is not known when %s', (_, elapsedMs) => {
    expect(ratePerMs({ previous: 1, current: 2 }, elapsedMs)).toBeUndefined()
  })

  test('is never negative and never infinite', () => {
    const value = fc.option(fc.double({ min: 0, max: 1e18, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(
        value,
        value,
        fc.option(fc.double({ min: -1e6, max: 1e9, noNaN: true }), { nil: undefined }),
        (a, b, ms) => {
          const rate = ratePerMs({ previous: a, current: b }, ms === undefined || Math.abs(ms) > 1e-3 ? ms : 0)
          expect(rate === undefined || (rate >= 0 && Number.isFinite(rate))).toBe(true)
        },
      ),
    )
  })
})
