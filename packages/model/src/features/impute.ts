import type { Matrix } from './matrix.ts'

/**
 * The median of the known values of each column. A column of which nothing is known gets 0: any constant does, since a constant column takes no
 * part in a forest.
 */
export function columnMedians({ values, rows, columns }: Matrix): Float64Array {
  const medians = new Float64Array(columns)
  const column = new Float64Array(rows)
  for (let c = 0; c < columns; c++) {
    let count = 0
    for (let r = 0; r < rows; r++) {
      const value = values[r * columns + c] ?? Number.NaN
      if (!Number.isNaN(value)) column[count++] = value
    }
    medians[c] = medianOf(column.subarray(0, count))
  }
  return medians
}

/** `matrix` with what is not known replaced by the median of its column (or by `medians`, those of the training rows). */
export function imputeMatrix(matrix: Matrix, medians = columnMedians(matrix)): Matrix {
  const values = matrix.values.map((value, i) => (Number.isNaN(value) ? (medians[i % matrix.columns] ?? 0) : value))
  return { ...matrix, values }
}

/** Sorts `known`. */
function medianOf(known: Float64Array): number {
  if (known.length === 0) return 0
  known.sort()
  const middle = known.length >> 1
  const upper = known[middle] ?? 0
  if (known.length % 2 === 1) return upper
  const lower = known[middle - 1] ?? 0
  return lower + (upper - lower) / 2
}
