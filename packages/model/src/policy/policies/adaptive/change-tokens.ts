import { MS_PER_DAY } from '@lxc-autoscale/core'
import { z } from 'zod'

/** What `serialise` gives. */
export const ChangeTokensState = z.object({
  left: z.number(),
  lastMs: z.number().nullable(),
  allocation: z.number().nullable(),
})

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
      this.#left = Math.min(this.#most, this.#left + ((timeMs - this.#lastMs) * this.#perDay) / MS_PER_DAY)
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

  serialise(): z.input<typeof ChangeTokensState> {
    return { left: this.#left, lastMs: this.#lastMs ?? null, allocation: this.#allocation ?? null }
  }

  restore({ left, lastMs, allocation }: z.output<typeof ChangeTokensState>): void {
    this.#left = Math.min(left, this.#most)
    this.#lastMs = lastMs ?? undefined
    this.#allocation = allocation ?? undefined
  }
}
