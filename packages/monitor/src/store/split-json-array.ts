const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/**
 * Splits a JSON array into its elements, whatever its white space, chunk by chunk and without holding more than one
 * element. Only objects and arrays count as elements. An array that is cut off gives the elements before the cut, one with an
 * element that is too long those before that.
 */
export class ArraySplitter {
  readonly #mostBytes: number
  #depth = 0
  #isInString = false
  #isEscaped = false
  #state: 'before' | 'inside' | 'ended' | 'no array' = 'before'
  /** The bytes of the current element that came in earlier chunks. */
  #parts: Uint8Array[] = []
  #partBytes = 0

  /** @param mostBytes that an element may have */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Whether the text was an array, and complete. */
  get isComplete(): boolean {
    return this.#state === 'ended'
  }

  /** The elements that end in `chunk`, each as the bytes of its JSON. */
  *add(chunk: Uint8Array): Generator<Uint8Array> {
    let start = this.#depth > 1 ? 0 : undefined
    for (let at = 0; at < chunk.length && this.#state !== 'no array'; at++) {
      const depthBefore = this.#depth
      this.#step(chunk[at] ?? 0)
      if (depthBefore === 1 && this.#depth === 2) start = at
      if (depthBefore !== 2 || this.#depth !== 1 || start === undefined) continue
      yield this.#element(chunk.subarray(start, at + 1))
      start = undefined
    }
    if (start !== undefined && this.#state !== 'no array') this.#keep(chunk.slice(start))
  }

  #keep(part: Uint8Array): void {
    this.#parts.push(part)
    this.#partBytes += part.length
    if (this.#partBytes <= this.#mostBytes) return
    this.#state = 'no array'
    this.#parts = []
  }

  #step(byte: number): void {
    if (this.#isInString) this.#stepInString(byte)
    else if (byte === QUOTE) this.#isInString = true
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) this.#open(byte)
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) this.#close()
  }

  #stepInString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) this.#isInString = false
  }

  #open(byte: number): void {
    if (this.#state === 'ended') this.#state = 'no array'
    if (this.#state === 'before') this.#state = byte === OPEN_BRACKET ? 'inside' : 'no array'
    this.#depth++
  }

  #close(): void {
    this.#depth--
    if (this.#depth === 0) this.#state = 'ended'
    if (this.#depth < 0) this.#state = 'no array'
  }

  #element(last: Uint8Array): Uint8Array {
    const parts = [...this.#parts, last]
    this.#parts = []
    this.#partBytes = 0
    const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }
}
