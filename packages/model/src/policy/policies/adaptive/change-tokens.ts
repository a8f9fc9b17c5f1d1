const DAY_MS = 86_400_000

/**
 * Change tokens of one resource: `perDay` come in, at most `most` are kept, each change takes one. The fewer are left, the
 * more a voluntary change has to bring. Emergencies may overdraw.
 */
export class ChangeTokens {
  readonly #perDay: number
  readonly #most: number
  #left: number
  #lastMs: number | undefined
  #allocation: number | undefined

  constructor(perDay: number, most: number) {
    this.#perDay = perDay
    this.#most = most
    this.#left = most
  }

  /** Counts a change when the allocation is another than last time, whoever changed it, and adds what time has brought. */
  look(timeMs: number, allocation: number): void {
    if (this.#lastMs !== undefined && timeMs > this.#lastMs) {
      this.#left = Math.min(this.#most, this.#left + ((timeMs - this.#lastMs) * this.#perDay) / DAY_MS)
    }
    if (this.#allocation !== undefined && allocation !== this.#allocation) this.#left--
    this.#lastMs = timeMs
    this.#allocation = allocation
  }

  /** 0 with all tokens there, 1 with none, up to 2 and more when overdrawn. */
  get lack(): number {
    return Math.max(0, 1 - this.#left / this.#most)
  }

  /** Overdrawn by as much as can be saved up: nothing voluntary at all. */
  get isExhausted(): boolean {
    return this.#left <= -this.#most
  }

  serialise(): unknown {
    return { left: this.#left, lastMs: this.#lastMs ?? null, allocation: this.#allocation ?? null }
  }

  restore(saved: unknown): boolean {
    if (typeof saved !== 'object' || saved === null) return false
    const { left, lastMs, allocation }: Record<string, unknown> = { ...saved }
    if (typeof left !== 'number' || !Number.isFinite(left)) return false
    this.#left = Math.min(left, this.#most)
    this.#lastMs = typeof lastMs === 'number' ? lastMs : undefined
    this.#allocation = typeof allocation === 'number' ? allocation : undefined
    return true
  }
}
