import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFigure, encodeFigure, UNKNOWN_CODE } from '../../../../packages/api/src/series/figure-code.ts'

const throughCode = (value: number) => decodeFigure(encodeFigure(value))
const LEAST = 2 ** -20
const MOST = 2 ** 43

test.each([0, 0.5, 1, 1.5, 2, 3, 64, 96, 512, 1_000, 1_536, 2_048, 2_500, 3_000, 6_144, 12_288, 65_536, 393_216])(
  '%d is exact',
  value => expect(throughCode(value)).toBe(value),
)

test('any other figure is exact to a two-thousandth', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 * LEAST, max: MOST, noNaN: true }), value => {
      expect(Math.abs(throughCode(value) - value)).toBeLessThanOrEqual(value / 2_048)
    }),
  )
})

test('a larger figure has no smaller code', () => {
  const figure = fc.double({ min: 0, max: MOST, noNaN: true })
  fc.assert(
    fc.property(figure, figure, (a, b) => {
      expect(Math.sign(encodeFigure(a) - encodeFigure(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0)
    }),
  )
})

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 44])('%d is not known', value => {
  expect(encodeFigure(value)).toBe(UNKNOWN_CODE)
  expect(throughCode(value)).toBeNaN()
})

test('what is too small to be told from nothing is nothing', () => {
  expect(throughCode(LEAST / 4)).toBe(0)
})
