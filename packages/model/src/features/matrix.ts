/** Rows of figures, row-major: the value of row r and column c is `values[r * columns + c]`. NaN = not known. */
export interface Matrix {
  readonly values: Float64Array
  readonly rows: number
  readonly columns: number
}
