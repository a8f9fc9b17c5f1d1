/** When a reading is made. */
export interface Timing {
  readonly monotonicMs: number
  /** Grows with each step of the clocks against each other; there is no rate from before to after one. */
  readonly clockEpoch: number
}

/** What cannot be true of a counter. */
export interface CounterBounds {
  /** The most that it can show. */
  readonly most: number
  /** The most that it can grow by in so many milliseconds. */
  readonly mostGrowth: (elapsedMs: number) => number
}

/**
 * A counter that only grows, during one run of a container. A value that went down, or up by more than can be, is not
 * believed: what it grew by is not known then, and the value before it stands for one more reading. So the next good value
 * shows no growth that never was; and a counter that really was set back is believed when two readings agree.
 */
export class Counter {
  readonly #bounds: CounterBounds
  #growth: number | undefined
  #elapsedMs: number | undefined
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

  /** The same per millisecond; undefined also when a clock stepped meanwhile or no time passed. */
  get growthPerMs(): number | undefined {
    if (this.#growth === undefined || this.#elapsedMs === undefined || this.#elapsedMs <= 0) return undefined
    return this.#growth / this.#elapsedMs
  }

  /** Takes what was read now. Gives the bound that it is above, when it cannot be true. */
  take(value: number, { monotonicMs, clockEpoch }: Timing): number | undefined {
    const { most, mostGrowth } = this.#bounds
    const before = this.#believed
    const beforeMs = this.#believedMs
    this.#growth = undefined
    if (value > most) return most
    const goesOn = isWithin(value - before, mostGrowth(monotonicMs - beforeMs))
    const goesOnFromDoubted = isWithin(value - this.#doubted, mostGrowth(monotonicMs - this.#doubtedMs))
    if (!goesOn && !goesOnFromDoubted && !Number.isNaN(before)) {
      this.#doubted = value
      this.#doubtedMs = monotonicMs
      return value > before ? before + mostGrowth(monotonicMs - beforeMs) : undefined
    }
    // Where it goes on from both, it cannot be told which of them was wrong, and so not what it grew by.
    if (goesOn && !goesOnFromDoubted) this.#grow(value - before, monotonicMs - beforeMs, clockEpoch)
    if (goesOnFromDoubted && !goesOn) {
      this.#grow(value - this.#doubted, monotonicMs - this.#doubtedMs, clockEpoch)
    }
    this.#believed = value
    this.#believedMs = monotonicMs
    this.#believedEpoch = clockEpoch
    this.#doubted = Number.NaN
    return undefined
  }

  /** To be called when it could not be read: the next reading is a first one. */
  forget(): void {
    this.#growth = undefined
    this.#believed = Number.NaN
    this.#doubted = Number.NaN
  }

  #grow(growth: number, elapsedMs: number, clockEpoch: number): void {
    this.#growth = growth
    this.#elapsedMs = clockEpoch === this.#believedEpoch ? elapsedMs : undefined
  }
}

function isWithin(growth: number, most: number): boolean {
  return growth >= 0 && growth <= most
}
