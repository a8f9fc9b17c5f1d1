import { z } from 'zod'
import { encodeArray } from '../../../forest/typed-array-text.ts'
import { packedArray, packedNumbers, packNumbers } from './packed-numbers.ts'

/** A window is kept in this many pieces of time, whatever the rate of samples; its length is exact to one of them. */
const PIECES = 60
/** By this share of its length a window may remember for longer. */
export const WINDOW_EXCESS = 1 / PIECES
/** Pieces in the ring: a power of two above PIECES. */
const CAPACITY = 64

/** What `serialise` gives: when the newest peak was, the length of a piece of time, how many pieces older each peak is, the peaks. */
export const WindowPeakState = z
  .tuple([z.number(), z.number().positive(), packedArray(Uint8Array), packedNumbers()])
  .refine(([, , ages, values]) => ages.length === values.length && ages.length <= CAPACITY)

/** The highest value of the last `spanMs`: a monotonic queue of at most 61 peaks, constant time per value on average. */
export class WindowPeak {
  readonly #pieceMs: number
  readonly #pieces = new Float64Array(CAPACITY)
  readonly #values = new Float64Array(CAPACITY)
  #head = 0
  #length = 0

  constructor(spanMs: number) {
    this.#pieceMs = spanMs / PIECES
  }

  /** Times never fall. */
  add(timeMs: number, value: number): void {
    const piece = Math.floor(timeMs / this.#pieceMs)
    this.expire(timeMs)
    while (this.#length > 0 && this.#valueAt(this.#length - 1) <= value) this.#length--
    // a lower value in the piece of time of a higher one is covered by it
    if (this.#length > 0 && this.#pieces[this.#index(this.#length - 1)] === piece) return
    const at = this.#index(this.#length)
    this.#pieces[at] = piece
    this.#values[at] = value
    this.#length++
  }

  /** Forgets what is older than the window. */
  expire(timeMs: number): void {
    const oldest = timeMs / this.#pieceMs - PIECES
    while (this.#length > 0 && (this.#pieces[this.#head] ?? 0) <= oldest) {
      this.#head = (this.#head + 1) & (CAPACITY - 1)
      this.#length--
    }
  }

  /** 0 when the window is empty: no value has been seen that could matter. */
  get peak(): number {
    return this.#length === 0 ? 0 : (this.#values[this.#head] ?? 0)
  }

  /** When the peak was seen: the middle of that piece of the window, so no more than half of one beside. */
  get peakMs(): number {
    return ((this.#pieces[this.#head] ?? 0) + 0.5) * this.#pieceMs
  }

  serialise(): z.input<typeof WindowPeakState> {
    const order = Array.from({ length: this.#length }, (_, i) => this.#index(i))
    const newest = this.#pieces[order.at(-1) ?? 0] ?? 0
    const ages = order.map(at => newest - (this.#pieces[at] ?? 0))
    const values = packNumbers(order.map(at => this.#values[at] ?? 0))
    return [newest * this.#pieceMs, this.#pieceMs, encodeArray(Uint8Array.from(ages)), values]
  }

  /** The window that was saved may have been longer or shorter than this one. */
  restore([newestMs, pieceMs, ages, values]: z.output<typeof WindowPeakState>): void {
    this.#length = 0
    for (const [i, age] of ages.entries()) this.add(newestMs + (0.5 - age) * pieceMs, values[i] ?? 0)
  }

  #index(position: number): number {
    return (this.#head + position) & (CAPACITY - 1)
  }

  #valueAt(position: number): number {
    return this.#values[this.#index(position)] ?? 0
  }
}
