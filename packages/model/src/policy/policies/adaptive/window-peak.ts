import { z } from 'zod'
import { packedNumbers, packNumbers } from './packed-numbers.ts'

/** A window is kept in this many pieces of time, whatever the rate of samples; its length is exact to one of them. */
const PIECES = 60
/** Pieces in the ring: a power of two above PIECES. */
const CAPACITY = 64

/** What `serialise` gives: numbers of pieces of time, and the peaks in them. */
export const WindowPeakState = z
  .tuple([z.string().transform(text => (text === '' ? [] : text.split(',').map(Number))), packedNumbers()])
  .refine(([pieces, values]) => pieces.length === values.length && pieces.length <= CAPACITY)
  .refine(([pieces]) => pieces.every(Number.isFinite))

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

  get isEmpty(): boolean {
    return this.#length === 0
  }

  serialise(): z.input<typeof WindowPeakState> {
    const order = Array.from({ length: this.#length }, (_, i) => this.#index(i))
    return [order.map(at => this.#pieces[at] ?? 0).join(','), packNumbers(order.map(at => this.#values[at] ?? 0))]
  }

  restore([pieces, values]: z.output<typeof WindowPeakState>): void {
    this.#head = 0
    this.#length = pieces.length
    this.#pieces.set(pieces)
    this.#values.set(values)
  }

  #index(position: number): number {
    return (this.#head + position) & (CAPACITY - 1)
  }

  #valueAt(position: number): number {
    return this.#values[this.#index(position)] ?? 0
  }
}
