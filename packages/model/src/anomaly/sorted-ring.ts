/** The newest so many numbers, with an ascending view of them. */
export class SortedRing {
  readonly #size: number
  readonly #newest: number[] = []
  readonly #ascending: number[] = []
  #oldest = 0

  constructor(size: number, values: readonly number[] = []) {
    this.#size = size
    for (const value of values) this.add(value)
  }

  get count(): number {
    return this.#newest.length
  }

  get isFull(): boolean {
    return this.#newest.length === this.#size
  }

  /** Smallest first. */
  get ascending(): readonly number[] {
    return this.#ascending
  }

  /** Adds a number, and drops the oldest one of a full ring. */
  add(value: number): void {
    if (this.isFull) {
      this.#ascending.splice(this.countBelow(this.#newest[this.#oldest] ?? 0), 1)
      this.#newest[this.#oldest] = value
      this.#oldest = (this.#oldest + 1) % this.#size
    } else this.#newest.push(value)
    this.#ascending.splice(this.countBelow(value), 0, value)
  }

  /** How many are smaller than `value`. */
  countBelow(value: number): number {
    let low = 0
    let high = this.#ascending.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ascending[middle] ?? 0) < value) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Oldest first. */
  values(): readonly number[] {
    return [...this.#newest.slice(this.#oldest), ...this.#newest.slice(0, this.#oldest)]
  }
}
