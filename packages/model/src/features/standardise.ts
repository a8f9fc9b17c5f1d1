/**
 * Brings the columns of a series of rows to mean 0 and deviation 1, by the rows it has seen. So rows of containers of any size can be laid together.
 * Source of the running figures: Welford, 1962.
 */
export class Standardiser {
  readonly #smallest: number
  readonly #limit: number
  /** What it has learned: the counts, means and squares of all columns; read it, and nothing else. */
  readonly moments: Float64Array
  readonly #counts: Float64Array
  readonly #means: Float64Array
  readonly #squares: Float64Array

  /**
   * @param options.smallest a deviation smaller than this counts as this: what is all but constant is not blown up
   * @param options.limit farthest from the mean, in deviations, that a value comes out
   * @param moments what `moments` gave earlier
   */
  constructor(
    options: { readonly columns: number; readonly smallest: number; readonly limit: number },
    moments: Float64Array = new Float64Array(3 * options.columns),
  ) {
    const { columns } = options
    this.#smallest = options.smallest
    this.#limit = options.limit
    this.moments = moments.slice()
    this.#counts = this.moments.subarray(0, columns)
    this.#means = this.moments.subarray(columns, 2 * columns)
    this.#squares = this.moments.subarray(2 * columns)
  }

  /** Learns a row; NaN is not known. */
  add(row: Float64Array): void {
    for (let c = 0; c < this.#means.length; c++) {
      const value = row[c] ?? Number.NaN
      if (Number.isNaN(value)) continue
      const count = (this.#counts[c] ?? 0) + 1
      const mean = this.#means[c] ?? 0
      const next = mean + (value - mean) / count
      this.#counts[c] = count
      this.#means[c] = next
      this.#squares[c] = (this.#squares[c] ?? 0) + (value - mean) * (value - next)
    }
  }

  /** The row in deviations from the means of the rows learned. NaN stays NaN, also where nothing was learned of the column. */
  apply(row: Float64Array): Float64Array {
    const scores = new Float64Array(row.length)
    for (let c = 0; c < row.length; c++) {
      const count = this.#counts[c] ?? 0
      const deviation = Math.max(this.#smallest, Math.sqrt((this.#squares[c] ?? 0) / count))
      const distance = ((row[c] ?? Number.NaN) - (this.#means[c] ?? 0)) / deviation
      scores[c] = Math.max(-this.#limit, Math.min(this.#limit, count === 0 ? Number.NaN : distance))
    }
    return scores
  }
}
