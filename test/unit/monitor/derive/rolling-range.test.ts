import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RollingRange } from '../../../../packages/monitor/src/derive/rolling-range.ts'

test('knows nothing before anything was known', () => {
  expect(new RollingRange(3).add(undefined)).toEqual({ min: undefined, max: undefined })
})

test('forgets what left the window, and passes over what is not known', () => {
  const range = new RollingRange(3)
  const seen = [5, 1, undefined, 7, undefined, undefined, undefined].map(value => range.add(value))
  expect(seen).toEqual([
    { min: 5, max: 5 },
    { min: 1, max: 5 },
    { min: 1, max: 5 },
    { min: 1, max: 7 },
    { min: 7, max: 7 },
    { min: 7, max: 7 },
    { min: undefined, max: undefined },
  ])
})

test('is the minimum and maximum of the last values', () => {
  const value = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.array(value, { minLength: 1 }), (size, values) => {
      const range = new RollingRange(size)
      const last = values.map(item => range.add(item)).at(-1)
      const known = values.slice(-size).filter(item => item !== undefined)
      expect(last?.min).toBe(known.length === 0 ? undefined : Math.min(...known))
      expect(last?.max).toBe(known.length === 0 ? undefined : Math.max(...known))
    }),
  )
})
