/**
 * The highest score that at least `needed` of the last `of` samples reach: a threshold on it is passed only by what lasts. NaN until there
 * are `of` samples.
 */
export class Persistence {
  readonly #needed: number
  readonly #scores: Float64Array
  #count = 0

  constructor({ needed, of }: { readonly needed: number; readonly of: number }) {
    this.#needed = needed
    this.#scores = new Float64Array(of)
  }

  add(score: number): number {
    this.#scores[this.#count++ % this.#scores.length] = score
    if (this.#count < this.#scores.length) return Number.NaN
    return this.#scores.toSorted()[this.#scores.length - this.#needed] ?? Number.NaN
  }

  clear(): void {
    this.#count = 0
  }
}
