/** Smallest and largest of the known values in the window; both undefined when none is known. */
export interface Range {
  readonly min: number | undefined
  readonly max: number | undefined
}

/** Minimum and maximum over the last `size` cycles. */
export class RollingRange {
  readonly #size: number
  readonly #values: (number | undefined)[] = []
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Takes the value of one cycle, known or not, and gives the range including it. */
  add(value: number | undefined): Range {
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.#size
    let min: number | undefined
    let max: number | undefined
    for (const known of this.#values) {
      if (known === undefined) continue
      if (min === undefined || known < min) min = known
      if (max === undefined || known > max) max = known
    }
    return { min, max }
  }
}
