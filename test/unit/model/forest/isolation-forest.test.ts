import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../../../packages/model/src/features/matrix.ts'
import { auroc } from '../../../../packages/model/src/forest/evaluate.ts'
import { leafOf } from '../../../../packages/model/src/forest/forest-nodes.ts'
import { fitForest, IsolationForest } from '../../../../packages/model/src/forest/isolation-forest.ts'
import { changed, gaussianRows, matrixFromRows, withColumn } from '../../../builders/matrix.ts'

/** One tree on four rows: x <= 5 splits off a row at depth 1; of the others y <= 2 splits off one more at depth 2; two rows stay together. */
function forestByHand(): IsolationForest {
  const ended = 2
  return new IsolationForest({
    columns: 2,
    sampleSize: 4,
    nodes: {
      trees: 1,
      depth: 2,
      feature: Uint8Array.of(0, 0, ended, 1),
      threshold: Float64Array.of(0, 5, 0, 2),
      leaf: Uint16Array.of(leafOf(1, 1), 0, leafOf(1, 2), leafOf(2, 2)),
    },
  })
}

/** c(4) of the paper: 2 (ln 3 + 0.5772156649) - 2 * 3 / 4. */
const UNIT = 2 * (Math.log(3) + 0.5772156649015329) - 1.5

describe('scores of a forest worked out by hand', () => {
  test.each([
    { row: [5, 0], pathLength: 1 },
    { row: [5.1, 2], pathLength: 2 },
    // Two rows share the leaf at depth 2, which adds c(2) = 1.
    { row: [6, 3], pathLength: 3 },
  ])('a row that ends after $pathLength steps scores 2^(-$pathLength / c(4))', ({ row, pathLength }) => {
    const expected = 2 ** (-pathLength / UNIT)
    expect(forestByHand().anomalyScore(Float64Array.from(row))).toBeCloseTo(expected, 12)
    expect(forestByHand().scoreSamples(matrixFromRows([row]))[0]).toBeCloseTo(-expected, 12)
  })

  test('the explanation credits the column whose split cut the path short', () => {
    expect([...forestByHand().explain(Float64Array.of(5, 0))]).toEqual([1, 0])
    // x: from c(4) to 1 + c(3) is longer; y: from c(3) to 1 is shorter.
    expect([...forestByHand().explain(Float64Array.of(6, 2))]).toEqual([0, 1])
  })
})

describe('two rows', () => {
  test('are told apart by one split of every tree, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), seed => {
        const forest = fitForest(matrixFromRows([[0], [1]]), { nEstimators: 3, randomState: seed })
        // Each path has one step, and c(2) = 1: the score is 2^-1.
        expect(forest.anomalyScore(Float64Array.of(0))).toBe(0.5)
      }),
    )
  })
})

describe('rows that cannot be told apart', () => {
  const same = matrixFromRows(Array.from({ length: 50 }, () => [3, 7]))

  test('are never strange, nor is anything else', () => {
    const forest = fitForest(same)
    expect([...new Set(forest.scoreSamples(same))]).toEqual([-0.5])
    expect([...forest.scoreSamples(matrixFromRows([[1e9, -1e9]]))]).toEqual([-0.5])
    expect(forest.anomalyScore(Float64Array.of(1e9, 0))).toBe(0.5)
  })

  test('a single row makes a forest to which nothing is strange', () => {
    const forest = fitForest(matrixFromRows([[1, 2]]))
    expect(forest.anomalyScore(Float64Array.of(5, 5))).toBe(0.5)
  })
})

describe('fitForest', () => {
  test('grows the same forest from the same rows and seed, and another from another seed', () => {
    const rows = gaussianRows(500, 4)
    const scores = (randomState: number) => [...fitForest(rows, { randomState }).scoreSamples(rows)]
    expect(scores(7)).toEqual(scores(7))
    expect(scores(7)).not.toEqual(scores(8))
  })

  test('scores rows one at a time as it does in bulk, also when they do not fill a block', () => {
    const rows = gaussianRows(203, 5)
    const forest = fitForest(rows, { nEstimators: 7 })
    const bulk = forest.scoreSamples(rows)
    for (let row = 0; row < rows.rows; row++) {
      expect(forest.anomalyScore(rows.values.slice(row * 5, row * 5 + 5))).toBeCloseTo(-(bulk[row] ?? 0), 12)
    }
  })

  test('keeps apart counters that differ only in the last bits of a double', () => {
    const base = 2 ** 52
    const rows = matrixFromRows(Array.from({ length: 64 }, (_, i) => [base + (i === 63 ? 2 : i % 2)]))
    const forest = fitForest(rows, { nEstimators: 50 })
    const scores = forest.scoreSamples(rows)
    expect(scores[63]).toBeLessThan(Math.min(...scores.subarray(0, 63)))
  })

  test('scores whole numbers in half the room as it does exactly', () => {
    const rows = changed(gaussianRows(300, 4), value => Math.round(value * 20))
    const blurred = changed(rows, (value, row, column) => value + ((row * 7 + column * 3) % 11) / 12)
    const exact = fitForest(blurred).scoreSamples(rows)
    const forest = fitForest(blurred, { hasWholeRows: true })
    expect(forest.scoreSamples(rows)).toEqual(exact)
    const [first] = exact
    expect(forest.anomalyScore(rows.values.slice(0, 4))).toBeCloseTo(-(first ?? 0), 12)
    expect(forest.parts.nodes.threshold.BYTES_PER_ELEMENT).toBe(2)
  })

  test('takes a share or a number of rows per tree, and at most all', () => {
    const rows = gaussianRows(100, 2)
    const sampleSize = (maxSamples: 'auto' | number) => fitForest(rows, { maxSamples }).parts.sampleSize
    expect([sampleSize('auto'), sampleSize(0.3), sampleSize(1), sampleSize(64), sampleSize(5_000)]).toEqual([
      100, 30, 100, 64, 100,
    ])
  })

  test('grows trees no deeper than a balanced one on as many rows', () => {
    expect(fitForest(gaussianRows(1_000, 3), { maxSamples: 256 }).parts.nodes.depth).toBe(8)
    expect(fitForest(gaussianRows(1_000, 3), { maxSamples: 3 }).parts.nodes.depth).toBe(2)
  })

  test.each([
    ['a missing value', () => fitForest(matrixFromRows([[1], [Number.NaN]])), 'row 1, column 0 is NaN'],
    [
      'an infinite value',
      () =>
        fitForest(
          matrixFromRows([
            [1, 2],
            [3, Number.NEGATIVE_INFINITY],
          ]),
        ),
      'row 1, column 1',
    ],
    ['no rows', () => fitForest(matrixFromRows([])), 'at least one row'],
    ['no trees', () => fitForest(gaussianRows(9, 1), { nEstimators: 0 }), 'n_estimators is 0'],
    ['half a sample', () => fitForest(gaussianRows(9, 1), { maxSamples: 2.5 }), 'max_samples is 2.5'],
    [
      'another number of columns',
      () => fitForest(gaussianRows(9, 2)).scoreSamples(gaussianRows(9, 3)),
      'have 3 columns',
    ],
    [
      'a missing value to score',
      () => fitForest(gaussianRows(9, 1)).anomalyScore(Float64Array.of(Number.NaN)),
      'is NaN',
    ],
  ])('refuses %s and says what is wrong', (_, attempt, message) => {
    expect(attempt).toThrow(RangeError)
    expect(attempt).toThrow(message)
  })
})

describe('what must not change scores', () => {
  const rows = gaussianRows(600, 4)
  const scores = (matrix: Matrix, seed = 3) => fitForest(matrix, { randomState: seed }).scoreSamples(matrix)

  test('scaling and shifting a column by powers of two changes nothing', () => {
    const scaled = changed(rows, (value, _row, column) => (column === 2 ? value * 1_024 : value))
    expect(scores(scaled)).toEqual(scores(rows))
  })

  test('scaling a column by any number changes next to nothing', () => {
    const scaled = scores(changed(rows, (value, _row, column) => (column === 1 ? value * 3.7 : value)))
    const plain = scores(rows)
    const apart = scaled.map((score, row) => Math.abs(score - (plain[row] ?? 0)))
    expect(apart.reduce((sum, each) => sum + each, 0) / apart.length).toBeLessThan(1e-4)
  })

  test('adding a constant column changes nothing', () => {
    expect(scores(withColumn(rows, () => 42))).toEqual(scores(rows))
  })

  test('permuting the rows keeps the distribution of scores', () => {
    const reversed = matrixFromRows(
      Array.from({ length: rows.rows }, (_, i) => rows.values.slice((rows.rows - 1 - i) * 4, (rows.rows - i) * 4)),
    )
    const mean = (seeds: number[], matrix: Matrix, row: number) =>
      seeds.reduce((sum, seed) => sum + (scores(matrix, seed)[row] ?? 0), 0) / seeds.length
    const seeds = Array.from({ length: 12 }, (_, seed) => seed)
    for (const row of [0, 100, 599]) {
      expect(Math.abs(mean(seeds, rows, row) - mean(seeds, reversed, 599 - row))).toBeLessThan(0.01)
    }
  })
})

describe('what it finds, over seeds', () => {
  const seeds = Array.from({ length: 10 }, (_, seed) => seed)
  const meanAuroc = (matrix: Matrix, isAnomaly: boolean[]) =>
    seeds.reduce((sum, randomState) => {
      const scores = fitForest(matrix, { randomState })
        .scoreSamples(matrix)
        .map(score => -score)
      return sum + auroc(scores, isAnomaly) / seeds.length
    }, 0)
  const isAnomaly = Array.from({ length: 1_000 }, (_, row) => row < 30)

  test('outliers far off in every column', () => {
    const matrix = changed(gaussianRows(1_000, 8), (value, row) => (row < 30 ? value + 6 : value))
    expect(meanAuroc(matrix, isAnomaly)).toBeGreaterThan(0.995)
  })

  test('rows far off in three of 26 columns', () => {
    const matrix = changed(gaussianRows(1_000, 26), (value, row, column) =>
      row < 30 && column < 3 ? value + 5 : value,
    )
    expect(meanAuroc(matrix, isAnomaly)).toBeGreaterThan(0.9)
  })

  test('rows between two crowds', () => {
    const matrix = changed(gaussianRows(1_000, 4), (value, row) => {
      const side = row % 2 === 0 ? 8 : -8
      return row < 30 ? value * 0.5 : value + side
    })
    expect(meanAuroc(matrix, isAnomaly)).toBeGreaterThan(0.95)
  })

  test('no difference where there is none', () => {
    expect(Math.abs(meanAuroc(gaussianRows(1_000, 8), isAnomaly) - 0.5)).toBeLessThan(0.12)
  })

  test('the columns that set a row apart', () => {
    const matrix = changed(gaussianRows(1_000, 10), (value, row, column) => (row === 0 && column === 7 ? 9 : value))
    const shares = fitForest(matrix).explain(matrix.values.slice(0, 10))
    expect(shares.indexOf(Math.max(...shares))).toBe(7)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
  })
})
