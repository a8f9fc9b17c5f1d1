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
  /** In one array of nothing but numbers, NaN for none, since a field of a class would be a box of its own: there are thousands. */
  readonly #state = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 0]

  constructor(bounds: CounterBounds) {
    this.#bounds = bounds
  }

  /** What it grew by since the reading that was believed before; undefined at the first, and when this one is not believed. */
  get growth(): number | undefined {
    const growth = this.#at(GROWTH)
    return Number.isNaN(growth) ? undefined : growth
  }

  /** The time in which it grew so, by the monotonic clock. */
  get elapsedMs(): number {
    return this.#at(ELAPSED_MS)
  }

  /** What it grew by per millisecond; undefined also when a clock stepped meanwhile or no time passed. */
  get growthPerMs(): number | undefined {
    const perMs = this.#at(GROWTH) / this.#at(ELAPSED_MS)
    return this.#at(IS_STEADY) === 1 && Number.isFinite(perMs) && this.#at(ELAPSED_MS) > 0 ? perMs : undefined
  }

  /**
   * Takes what was read now, which can be `most`. Gives whether it can be true. Where it could not be read at all, the next
   * reading is a first one.
   */
  take(value: number | undefined, { monotonicMs, clockEpoch }: Timing, most = this.#bounds.most): boolean {
    const state = this.#state
    state[GROWTH] = Number.NaN
    if (value === undefined) return this.#forget()
    if (value > most) return this.#doubt(value, most)
    const before = this.#at(BELIEVED)
    const sinceMs = monotonicMs - this.#at(BELIEVED_MS)
    const goesOn = this.#isPossible(value - before, sinceMs)
    // NaN where the reading before was believed, as nearly all are.
    const sinceDoubtedMs = monotonicMs - this.#at(DOUBTED_MS)
    const goesOnFromDoubted = this.#isPossible(value - this.#at(DOUBTED), sinceDoubtedMs)
    if (!goesOn && !goesOnFromDoubted && !Number.isNaN(before)) {
      state[DOUBTED] = value
      state[DOUBTED_MS] = monotonicMs
      return value < before || this.#doubt(value, before + this.#bounds.mostGrowth(sinceMs))
    }
    // Where it goes on from both, it cannot be told which of them was wrong, and so not what it grew by.
    if (goesOn && !goesOnFromDoubted) this.#grow(value - before, sinceMs, clockEpoch)
    if (goesOnFromDoubted && !goesOn) this.#grow(value - this.#at(DOUBTED), sinceDoubtedMs, clockEpoch)
    state[BELIEVED] = value
    state[BELIEVED_MS] = monotonicMs
    state[BELIEVED_EPOCH] = clockEpoch
    state[DOUBTED] = Number.NaN
    return true
  }

  #at(place: number): number {
    return this.#state[place] ?? Number.NaN
  }

  #isPossible(growth: number, elapsedMs: number): boolean {
    return growth === 0 || (growth > 0 && growth <= this.#bounds.mostGrowth(elapsedMs))
  }

  #forget(): boolean {
    this.#state[BELIEVED] = Number.NaN
    this.#state[DOUBTED] = Number.NaN
    return true
  }

  #doubt(value: number, most: number): boolean {
    this.#bounds.onImplausible(value, most)
    return false
  }

  #grow(growth: number, elapsedMs: number, clockEpoch: number): void {
    this.#state[GROWTH] = growth
    this.#state[ELAPSED_MS] = elapsedMs
    this.#state[IS_STEADY] = clockEpoch === this.#at(BELIEVED_EPOCH) ? 1 : 0
  }
}

/** Places in the state of a counter. */
const BELIEVED = 0
const BELIEVED_MS = 1
const BELIEVED_EPOCH = 2
const DOUBTED = 3
const DOUBTED_MS = 4
const GROWTH = 5
const ELAPSED_MS = 6
const IS_STEADY = 7
