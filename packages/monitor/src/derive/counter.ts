/** When a reading is made. */
export interface Timing {
  readonly monotonicMs: number
  /** Grows with each step of the clocks against each other; there is no rate from before to after one. */
  readonly clockEpoch: number
}

/** What can be true of a counter. */
export interface CounterBounds {
  /** The most that it can show. */
  readonly most: number
  /** The most that it can grow by in so many milliseconds. */
  readonly mostGrowth: (elapsedMs: number) => number
  /** Told when it showed more than that. */
  readonly onImplausible: (value: number, most: number) => void
}

/**
 * A counter that only grows, during one run of a container. A value that went down, or up by more than can be, is not
 * believed: what it grew by is not known then, and the value before it stands for one more reading. So the next good value
 * shows no growth that never was; and a counter that really was set back is believed when two readings agree.
 */
export class Counter {
  readonly #bounds: CounterBounds
  #growth: number | undefined
  #elapsedMs = 0
  #isSteady = false
  // NaN stands for none: a reading makes no garbage so.
  #believed = Number.NaN
  #believedMs = Number.NaN
  #believedEpoch = Number.NaN
  #doubted = Number.NaN
  #doubtedMs = Number.NaN

  constructor(bounds: CounterBounds) {
    this.#bounds = bounds
  }

  /** What it grew by since the reading that was believed before; undefined at the first, and when this one is not believed. */
  get growth(): number | undefined {
    return this.#growth
  }

  /** The time in which it grew so, by the monotonic clock. */
  get elapsedMs(): number {
    return this.#elapsedMs
  }

  /** What it grew by per millisecond; undefined also when a clock stepped meanwhile or no time passed. */
  get growthPerMs(): number | undefined {
    return this.#growth === undefined || !this.#isSteady || this.#elapsedMs <= 0
      ? undefined
      : this.#growth / this.#elapsedMs
  }

  /**
   * Takes what was read now, which can be `most`. Gives whether it can be true. Where it could not be read at all, the next
   * reading is a first one.
   */
  take(value: number | undefined, { monotonicMs, clockEpoch }: Timing, most = this.#bounds.most): boolean {
    this.#growth = undefined
    if (value === undefined) return this.#forget()
    if (value > most) return this.#doubt(value, most)
    const before = this.#believed
    const sinceMs = monotonicMs - this.#believedMs
    const goesOn = this.#isPossible(value - before, sinceMs)
    // NaN where the reading before was believed, as nearly all are.
    const goesOnFromDoubted = this.#isPossible(value - this.#doubted, monotonicMs - this.#doubtedMs)
    if (!goesOn && !goesOnFromDoubted && !Number.isNaN(before)) {
      this.#doubted = value
      this.#doubtedMs = monotonicMs
      return value < before || this.#doubt(value, before + this.#bounds.mostGrowth(sinceMs))
    }
    // Where it goes on from both, it cannot be told which of them was wrong, and so not what it grew by.
    if (goesOn && !goesOnFromDoubted) this.#grow(value - before, sinceMs, clockEpoch)
    if (goesOnFromDoubted && !goesOn) this.#grow(value - this.#doubted, monotonicMs - this.#doubtedMs, clockEpoch)
    this.#believed = value
    this.#believedMs = monotonicMs
    this.#believedEpoch = clockEpoch
    this.#doubted = Number.NaN
    return true
  }

  #isPossible(growth: number, elapsedMs: number): boolean {
    return growth === 0 || (growth > 0 && growth <= this.#bounds.mostGrowth(elapsedMs))
  }

  #forget(): boolean {
    this.#believed = Number.NaN
    this.#doubted = Number.NaN
    return true
  }

  #doubt(value: number, most: number): boolean {
    this.#bounds.onImplausible(value, most)
    return false
  }

  #grow(growth: number, elapsedMs: number, clockEpoch: number): void {
    this.#growth = growth
    this.#elapsedMs = elapsedMs
    this.#isSteady = clockEpoch === this.#believedEpoch
  }
}
