/** Rows of figures, row-major: the value of row r and column c is `values[r * columns + c]`. NaN = not known. */
export interface Matrix {
  readonly values: Float64Array
  readonly rows: number
  readonly columns: number
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
