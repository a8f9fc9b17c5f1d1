import { MS_PER_DAY } from '@lxc-autoscale/core'

const BLOCK_MS = 600_000

/** Blocks in a week. */
export const BLOCKS_PER_WEEK = (7 * MS_PER_DAY) / BLOCK_MS

export interface OpenBlock {
  readonly block: number
  readonly highest: number
}

/** Cuts a series of scores into blocks of ten minutes and gives the highest of each. */
export class BlockMaxima {
  #block = Number.NEGATIVE_INFINITY
  #highest = Number.NEGATIVE_INFINITY

  /** @param open what `open` gave earlier */
  constructor(open?: OpenBlock) {
    if (open !== undefined) ({ block: this.#block, highest: this.#highest } = open)
  }

  /** The block that is not over; undefined before the first score. */
  get open(): OpenBlock | undefined {
    return Number.isFinite(this.#block) ? { block: this.#block, highest: this.#highest } : undefined
  }

  /** Adds a score. Gives the maximum of the block before when this score begins a new one. */
  add(score: number, timeMs: number): number | undefined {
    const block = Math.floor(timeMs / BLOCK_MS)
    const finished = block !== this.#block && Number.isFinite(this.#highest) ? this.#highest : undefined
    this.#highest = block === this.#block ? Math.max(this.#highest, score) : score
    this.#block = block
    return finished
  }
}
