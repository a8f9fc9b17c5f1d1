import npm from 'isolation-forest'
import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../packages/model/src/features/matrix.ts'
import { auroc } from '../../packages/model/src/forest/evaluate.ts'
import { fitForest } from '../../packages/model/src/forest/isolation-forest.ts'
import { changed, gaussianRows } from '../builders/matrix.ts'

/** Scores of npm's isolation-forest. It grows each tree on all rows, so only small sets are comparable. */
function npmScores({ values, rows, columns }: Matrix): number[] {
  const objects = Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(Array.from({ length: columns }, (_unused, c) => [`f${c}`, values[row * columns + c] ?? 0])),
  )
  const forest = new npm.IsolationForest(100, rows)
  forest.fit(objects)
  return forest.predict(objects)
}

describe("our forest and npm's isolation-forest 0.0.9, each tree grown on all of 256 rows", () => {
  const isAnomaly = Array.from({ length: 256 }, (_, row) => row < 12)
  const outlying = (off: number, columns: number) =>
    changed(gaussianRows(256, 8), (value, row, column) => (row < 12 && column < columns ? value + off : value))

  test.each([
    ['far off in all columns', outlying(6, 8)],
    ['off in three columns', outlying(4, 3)],
    ['in one dense crowd', changed(outlying(0, 0), (value, row) => (row < 12 ? 5 + value / 10 : value))],
  ])('rank anomalies %s about as well', (_, matrix) => {
    const scores = fitForest(matrix, { maxSamples: 1 })
      .scoreSamples(matrix)
      .map(score => -score)
    expect(Math.abs(auroc(scores, isAnomaly) - auroc(npmScores(matrix), isAnomaly))).toBeLessThan(0.05)
  })

  test('give scores that go together', () => {
    const matrix = outlying(3, 2)
    const scores = fitForest(matrix, { maxSamples: 1 })
      .scoreSamples(matrix)
      .map(score => -score)
    expect(correlation([...scores], npmScores(matrix))).toBeGreaterThan(0.9)
  })
})

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanA, meanB] = [mean(a), mean(b)]
  const product = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] ?? 0) - my), 0)
  return product(a, b, meanA, meanB) / Math.sqrt(product(a, a, meanA, meanA) * product(b, b, meanB, meanB))
}
