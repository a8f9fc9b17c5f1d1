import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareCpu } from '../../../../packages/simulator/src/engine/share-cpu.ts'

test('everybody gets what he wants while there is enough', () => {
  expect(
    shareCpu(
      [
        { wantedCores: 1, weight: 100 },
        { wantedCores: 2.5, weight: 100 },
      ],
      4,
    ),
  ).toEqual([1, 2.5])
})

test('what one does not need goes to the others by weight', () => {
  const claims = [
    { wantedCores: 0.5, weight: 100 },
    { wantedCores: 9, weight: 100 },
    { wantedCores: 9, weight: 200 },
  ]
  expect(shareCpu(claims, 3.5)).toEqual([0.5, 1, 2])
})

test('nobody gets more than he wants, and together they get all there is', () => {
  const claim = fc.record({
    wantedCores: fc.double({ min: 0, max: 16, noNaN: true }),
    weight: fc.integer({ min: 1, max: 10_000 }),
  })
  fc.assert(
    fc.property(
      fc.array(claim, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 64 }),
      (claims, hostCores) => {
        const granted = shareCpu(claims, hostCores)
        const wanted = claims.reduce((sum, { wantedCores }) => sum + wantedCores, 0)
        granted.forEach((cores, at) => {
          expect(cores).toBeLessThanOrEqual((claims[at]?.wantedCores ?? 0) + 1e-9)
        })
        expect(granted.reduce((sum, cores) => sum + cores, 0)).toBeCloseTo(Math.min(wanted, hostCores), 6)
      },
    ),
  )
})
