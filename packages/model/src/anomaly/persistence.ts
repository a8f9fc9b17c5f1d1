/**
 * The highest score that at least `needed` of the last `of` samples reach: a limit on it is passed only by what lasts. NaN until there
 * are `of` samples.
 */
export class Persistence {
  readonly #needed: number
  readonly #scores: Float64Array
  readonly #ascending: Float64Array
  #count = 0

  constructor({ needed, of }: { readonly needed: number; readonly of: number }) {
    this.#needed = needed
    this.#scores = new Float64Array(of)
    this.#ascending = new Float64Array(of)
  }

  add(score: number): number {
    const size = this.#scores.length
    this.#scores[this.#count++ % size] = score
    if (this.#count < size) return Number.NaN
    this.#sort()
    return this.#ascending[size - this.#needed] ?? Number.NaN
  }

  /** The scores that count, oldest first; who adds them again goes on here. */
  scores(): readonly number[] {
    const size = this.#scores.length
    const kept = Math.min(this.#count, size)
    return Array.from({ length: kept }, (_, i) => this.#scores[(this.#count - kept + i) % size] ?? 0)
  }

  clear(): void {
    this.#count = 0
  }

  /* By insertion: they are few. */
  #sort(): void {
    const ascending = this.#ascending
    for (let i = 0; i < this.#scores.length; i++) {
      const score = this.#scores[i] ?? 0
      let place = i
      for (; place > 0 && (ascending[place - 1] ?? 0) > score; place--) ascending[place] = ascending[place - 1] ?? 0
      ascending[place] = score
    }
  }
}
