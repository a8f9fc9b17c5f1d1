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
  const values = matrix.values.slice()
  for (let i = 0, column = 0; i < values.length; i++, column = column + 1 === matrix.columns ? 0 : column + 1) {
    if (Number.isNaN(values[i])) values[i] = medians[column] ?? 0
  }
  return { ...matrix, values }
}

/** Reorders `known`. */
function medianOf(known: Float64Array): number {
  if (known.length === 0) return 0
  const middle = known.length >> 1
  const upper = select(known, middle)
  if (known.length % 2 === 1) return upper
  const lower = known.subarray(0, middle).reduce((highest, value) => Math.max(highest, value), Number.NEGATIVE_INFINITY)
  return lower + (upper - lower) / 2
}

/** The value at place `k` in ascending order; smaller ones come to lie before it. Source: Hoare, "Find", 1961. */
function select(values: Float64Array, k: number): number {
  let from = 0
  let to = values.length - 1
  while (from < to) {
    const { left, right } = partition(values, { from, to, pivot: values[k] ?? 0 })
    if (right < k) from = left
    if (left > k) to = right
  }
  return values[k] ?? 0
}

/** Brings values up to the pivot to the left and those from it on to the right; they meet between `right` and `left`. */
function partition(
  values: Float64Array,
  { from, to, pivot }: { readonly from: number; readonly to: number; readonly pivot: number },
): { left: number; right: number } {
  let left = from
  let right = to
  while (left <= right) {
    while ((values[left] ?? 0) < pivot) left++
    while ((values[right] ?? 0) > pivot) right--
    if (left > right) break
    const swapped = values[left] ?? 0
    values[left++] = values[right] ?? 0
    values[right--] = swapped
  }
  return { left, right }
}
