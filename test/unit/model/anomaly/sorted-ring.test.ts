import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Persistence } from '../../../../packages/model/src/anomaly/persistence.ts'
import { SortedRing } from '../../../../packages/model/src/anomaly/sorted-ring.ts'

test('SortedRing holds the newest numbers, in order of time and of size', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 8 }), (values, size) => {
      const ring = new SortedRing(size, values)
      const newest = values.slice(-size)
      expect(ring.values()).toEqual(newest)
      expect(ring.ascending).toEqual(newest.toSorted((a, b) => a - b))
      expect(ring.countBelow(5)).toBe(newest.filter(value => value < 5).length)
    }),
  )
})

test('Persistence gives the score that enough of the last ones reach', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 30 }), scores => {
      const persistence = new Persistence({ needed: 3, of: 5 })
      const lasting = scores.map(score => persistence.add(score))
      expect(lasting.slice(0, 4)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
      expect(lasting.at(-1)).toBe(scores.slice(-5).toSorted((a, b) => b - a)[2])
    }),
  )
})
