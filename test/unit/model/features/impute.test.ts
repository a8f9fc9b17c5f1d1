import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnMedians, imputeMatrix } from '../../../../packages/model/src/features/impute.ts'
import { Standardiser } from '../../../../packages/model/src/features/standardise.ts'
import { matrixFromRows } from '../../../builders/matrix.ts'

test('what is not known is imputed by the median of its column, never by 0', () => {
  const swapMb = matrixFromRows([[10], [Number.NaN], [30], [90]])
  expect([...imputeMatrix(swapMb).values]).toEqual([10, 30, 30, 90])
})

describe('columnMedians', () => {
  test('are the middle of the known values, of an even number the mean of the two middle ones', () => {
    const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 }))
    fc.assert(
      fc.property(fc.array(fc.option(value, { nil: Number.NaN }), { minLength: 1, maxLength: 40 }), values => {
        const sorted = values.filter(each => !Number.isNaN(each)).sort((a, b) => a - b)
        const upper = sorted[sorted.length >> 1] ?? 0
        const lower = sorted[(sorted.length - 1) >> 1] ?? 0
        expect(columnMedians(matrixFromRows(values.map(each => [each])))[0]).toBeCloseTo((lower + upper) / 2, 6)
      }),
    )
  })

  test('of a column of which nothing is known make it constant', () => {
    const matrix = matrixFromRows([
      [Number.NaN, 1],
      [Number.NaN, 2],
    ])
    expect([...imputeMatrix(matrix).values]).toEqual([0, 1, 0, 2])
  })
})

describe('Standardiser', () => {
  test('brings rows to mean 0 and deviation 1 by what it has seen, and leaves what is not known', () => {
    const standardiser = new Standardiser({ columns: 3, smallest: 1, limit: 5 })
    for (const row of [
      [10, 7, 1],
      [30, 7, Number.NaN],
    ])
      standardiser.add(Float64Array.from(row))
    expect([...standardiser.apply(Float64Array.of(40, 7, Number.NaN))]).toEqual([2, 0, Number.NaN])
  })

  test('takes no deviation to be smaller than the smallest, and no value to be farther than the limit', () => {
    const standardiser = new Standardiser({ columns: 1, smallest: 2, limit: 5 })
    standardiser.add(Float64Array.of(100))
    expect(standardiser.apply(Float64Array.of(104))[0]).toBe(2)
    expect(standardiser.apply(Float64Array.of(0))[0]).toBe(-5)
  })
})
