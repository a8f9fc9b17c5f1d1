import type { Matrix } from '../../packages/model/src/features/matrix.ts'
import { Random } from '../../packages/model/src/forest/random.ts'

/** Gaussian rows; the same for the same seed. */
export function gaussianRows(rows: number, columns: number, seed = 1): Matrix {
  const random = new Random(seed, 99)
  const values = Float64Array.from({ length: rows * columns }, () => gaussian(random))
  return { values, rows, columns }
}

export function gaussian(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()))
  return radius * Math.cos(2 * Math.PI * random.uniform())
}

/** `matrix` with its values changed, row by row. */
export function changed(matrix: Matrix, change: (value: number, row: number, column: number) => number): Matrix {
  const { columns } = matrix
  return { ...matrix, values: matrix.values.map((value, i) => change(value, Math.floor(i / columns), i % columns)) }
}

/** `matrix` with one more column. */
export function withColumn(matrix: Matrix, value: (row: number) => number): Matrix {
  const { rows, columns } = matrix
  const values = new Float64Array(rows * (columns + 1))
  for (let row = 0; row < rows; row++) {
    values.set(matrix.values.subarray(row * columns, (row + 1) * columns), row * (columns + 1))
    values[row * (columns + 1) + columns] = value(row)
  }
  return { values, rows, columns: columns + 1 }
}

/**
 * The matrix of rows of equal length.
 * @throws {RangeError} when a row has another length than the first.
 */
export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0
  const values = new Float64Array(rows.length * columns)
  rows.forEach((row, index) => {
    if (row.length !== columns) {
      throw new RangeError(`row ${index} of the matrix has ${row.length} columns, the first row has ${columns}`)
    }
    values.set(row, index * columns)
  })
  return { values, rows: rows.length, columns }
}
