const FIRST_BYTES = 65_536
const GROWTH = 1.25

/**
 * The one-line JSON of a cycle, put together member by member in a buffer that is used again: a string of a thousand
 * containers, made anew each time, would be the greater part of the garbage. Two buffers take turns, so that the line of
 * the last cycle can be shown while the next one is made.
 */
export class CycleText {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #other = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  /** Empties it for the next cycle. */
  begin(): void {
    ;[this.#buffer, this.#other] = [this.#other, this.#buffer]
    this.#length = 0
    this.#put('{')
  }

  /** Adds a member such as `"101":{...}`. */
  add(member: string): void {
    if (this.#length > 1) this.#put(',')
    this.#put(member)
  }

  /** The bytes of the whole cycle. Valid until `begin` was called twice. */
  end(): Uint8Array {
    this.#put('}')
    return this.#buffer.subarray(0, this.#length)
  }

  #put(text: string): void {
    // JSON of figures is ASCII: one byte per character.
    const end = this.#length + text.length
    if (end > this.#buffer.length) this.#grow(end)
    this.#length += this.#buffer.write(text, this.#length, 'latin1')
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafe(Math.ceil(bytes * GROWTH))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
