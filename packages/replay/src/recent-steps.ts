const KEPT = 15

/** The usual distance of samples, from the last of them only: what comes later in a trace must not matter. */
export class RecentSteps {
  readonly #newestFirst: number[] = []
  #lastS: number | undefined
  #median = 0

  /** Takes the time of a sample; gives the median of the last 15 distances in seconds, 0 at the first sample. */
  median(timeS: number): number {
    const stepS = this.#lastS === undefined ? undefined : timeS - this.#lastS
    this.#lastS = timeS
    if (stepS === undefined) return 0
    const leaves = this.#newestFirst.length === KEPT ? this.#newestFirst.pop() : undefined
    this.#newestFirst.unshift(stepS)
    // a trace with an even step has the same median for ever
    if (leaves !== stepS) this.#median = this.#sortedMiddle()
    return this.#median
  }

  #sortedMiddle(): number {
    const sorted = this.#newestFirst.toSorted((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? 0
  }
}
