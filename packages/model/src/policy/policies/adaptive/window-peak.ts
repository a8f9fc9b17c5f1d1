import { z } from 'zod'
import { encodeArray } from '../../../forest/typed-array-text.ts'
import { packedArray, packedNumbers, packNumbers } from './packed-numbers.ts'

/** A window is kept in this many pieces of time, whatever the rate of samples; its length is exact to one of them. */
const PIECES = 60
/** By this share of its length a window may remember for longer. */
export const WINDOW_EXCESS = 1 / PIECES

/** What `serialise` gives: when the newest peak was, the length of a piece of time, how many pieces older each peak is, the peaks. */
export const WindowPeakState = z
  .tuple([z.number(), z.number().positive(), packedArray(Uint8Array), packedNumbers()])
  .refine(([, , ages, values]) => ages.length === values.length && ages.length <= PIECES + 1)

/**
 * The highest value of the last `spanMs`: a monotonic queue of at most 61 peaks, constant time per value on average. Mostly they are
 * a few, so plain arrays take the least room.
 */
export class WindowPeak {
  readonly #pieceMs: number
  /** The pieces of time of the peaks, oldest first, and the peaks, which fall. */
  readonly #pieces: number[] = []
  readonly #values: number[] = []

  constructor(spanMs: number) {
    this.#pieceMs = spanMs / PIECES
  }

  /** Times never fall. */
  add(timeMs: number, value: number): void {
    const piece = Math.floor(timeMs / this.#pieceMs)
    this.expire(timeMs)
    while ((this.#values.at(-1) ?? Number.POSITIVE_INFINITY) <= value) {
      this.#values.pop()
      this.#pieces.pop()
    }
    // a lower value in the piece of time of a higher one is covered by it
    if (this.#pieces.at(-1) === piece) return
    this.#pieces.push(piece)
    this.#values.push(value)
  }

  /** Forgets what is older than the window. */
  expire(timeMs: number): void {
    const oldest = timeMs / this.#pieceMs - PIECES
    while ((this.#pieces[0] ?? Number.POSITIVE_INFINITY) <= oldest) {
      this.#pieces.shift()
      this.#values.shift()
    }
  }

  /** 0 when the window is empty: no value has been seen that could matter. */
  get peak(): number {
    return this.#values[0] ?? 0
  }

  /** When the peak was seen: the middle of that piece of the window, so no more than half of one beside. */
  get peakMs(): number {
    return ((this.#pieces[0] ?? 0) + 0.5) * this.#pieceMs
  }

  serialise(): z.input<typeof WindowPeakState> {
    const newest = this.#pieces.at(-1) ?? 0
    const ages = Uint8Array.from(this.#pieces, piece => newest - piece)
    return [newest * this.#pieceMs, this.#pieceMs, encodeArray(ages), packNumbers(this.#values)]
  }

  /** The window that was saved may have been longer or shorter than this one. */
  restore([newestMs, pieceMs, ages, values]: z.output<typeof WindowPeakState>): void {
    this.#pieces.length = 0
    this.#values.length = 0
    for (const [i, age] of ages.entries()) this.add(newestMs + (0.5 - age) * pieceMs, values[i] ?? 0)
  }
}
