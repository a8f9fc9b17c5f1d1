/** Smallest and largest of the known values in the window; both undefined when none is known. */
export interface Range {
  readonly min: number | undefined
  readonly max: number | undefined
}

/** Minimum and maximum over the last `size` cycles. */
export class RollingRange {
  readonly #size: number
  /** NaN stands for a value that is not known: an array of nothing but numbers is kept without a box for each. */
  readonly #values: number[] = []
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Takes the value of one cycle, known or not, and gives the range including it. */
  add(value: number | undefined): Range {
    this.#values[this.#next] = value ?? Number.NaN
    this.#next = (this.#next + 1) % this.#size
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    for (const known of this.#values) {
      if (known < min) min = known
      if (known > max) max = known
    }
    return min > max ? NOTHING_KNOWN : { min, max }
  }
}

const NOTHING_KNOWN: Range = { min: undefined, max: undefined }
