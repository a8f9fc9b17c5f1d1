import { evaluateForest } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { auroc, averagePrecision } from '../../../../packages/model/src/forest/evaluate.ts'
import { gaussianRows, matrixFromRows } from '../../../builders/matrix.ts'

describe('auroc', () => {
  test.each([
    { scores: [4, 3, 2, 1], labels: [1, 1, 0, 0], expected: 1 },
    { scores: [1, 2, 3, 4], labels: [1, 1, 0, 0], expected: 0 },
    { scores: [1, 1, 1, 1], labels: [1, 0, 1, 0], expected: 0.5 },
    // Of the four pairs of an anomaly and a normal row three are in order.
    { scores: [4, 2, 3, 1], labels: [1, 1, 0, 0], expected: 0.75 },
  ])('of $scores with $labels is $expected', ({ scores, labels, expected }) => {
    expect(auroc(scores, labels.map(Boolean))).toBe(expected)
  })

  test('is the share of pairs in order, ties counting half', () => {
    const rows = fc.array(fc.record({ score: fc.nat(5), isAnomaly: fc.boolean() }), { minLength: 2, maxLength: 30 })
    fc.assert(
      fc.property(rows, cases => {
        const strange = cases.filter(each => each.isAnomaly)
        const usual = cases.filter(each => !each.isAnomaly)
        fc.pre(strange.length > 0 && usual.length > 0)
        const pairs = strange.flatMap(a =>
          usual.map(b => (a.score > b.score ? 1 : 0) + (a.score === b.score ? 0.5 : 0)),
        )
        const direct = pairs.reduce((sum, each) => sum + each, 0) / pairs.length
        const ranked = auroc(
          cases.map(each => each.score),
          cases.map(each => each.isAnomaly),
        )
        expect(ranked).toBeCloseTo(direct, 9)
      }),
    )
  })
})

test('average precision sums precision over the recall that each score adds', () => {
  // Anomalies at the first and third place: (1/1 + 2/3) / 2.
  expect(averagePrecision([4, 3, 2, 1], [true, false, true, false])).toBeCloseTo(5 / 6, 12)
})

describe('evaluateForest', () => {
  const monotonicMs = () => 0

  test('ranks outliers first, over all seeds', () => {
    const normal = gaussianRows(200, 3)
    const matrix = matrixFromRows([
      ...Array.from({ length: 200 }, (_, i) => normal.values.slice(i * 3, i * 3 + 3)),
      [9, 9, 9],
    ])
    const labels = Array.from({ length: 201 }, (_, row) => Number(row === 200))
    const evaluation = evaluateForest({ matrix, labels, seeds: 4, monotonicMs })
    expect(evaluation).toMatchObject({ seeds: 4, rows: 201, anomalies: 1, auroc: { mean: 1, sd: 0 } })
  })

  test('knows no ranking when all labels are alike, and refuses labels of another number', () => {
    const matrix = gaussianRows(10, 2)
    expect(evaluateForest({ matrix, labels: Array(10).fill(0), seeds: 1, monotonicMs }).auroc).toBeUndefined()
    expect(() => evaluateForest({ matrix, labels: [1], seeds: 1, monotonicMs })).toThrow('1 labels for 10 rows')
  })
})
