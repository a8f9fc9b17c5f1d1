/** The file is `[`, one cycle per line with a comma after each but the last, `]`. */
export const HEAD = '[\n'
export const SEPARATOR = ',\n'
export const TAIL = '\n]\n'
export const EMPTY_TAIL = ']\n'
export const EMPTY = HEAD + EMPTY_TAIL

const LINE_FEED = 10
const COMMA = 44
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** Where one cycle stands: its JSON without comma and line feed. */
export interface CyclePlace {
  readonly start: number
  readonly end: number
}

/** What the lines of a file are. */
export interface FileScan {
  /** `ours`: as this daemon writes it, perhaps damaged. `foreign`: something else, perhaps of the predecessor. `blank`: white space. */
  readonly kind: 'ours' | 'foreign' | 'blank'
  readonly cycles: readonly CyclePlace[]
  /** Faults before the last cycle: lines that are none, a missing comma. */
  readonly damagedLines: number
  /** Whether the last cycle is followed by the closing bracket and nothing else. */
  readonly isClosed: boolean
}

/** Finds the cycles of a file from its bytes, chunk by chunk, without parsing them. */
export class LineScanner {
  readonly #cycles: CyclePlace[] = []
  #damagedLines = 0
  /** Lines since the last cycle, and whether the first of them is the closing bracket. */
  #linesBehind = 0
  #isBracketBehind = false
  #lastHasComma = true
  #isForeign = false
  #isBlank = true
  #lineNumber = 0
  /** Bytes before the current chunk. */
  #offset = 0
  #lineStart = 0
  #first = 0
  #last = 0
  #beforeLast = 0

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const feed = chunk.indexOf(LINE_FEED, at)
      const end = feed < 0 ? chunk.length : feed
      if (end > at) this.#addPart(chunk, at, end)
      if (feed >= 0) this.#endLine(this.#offset + feed)
      at = end + 1
    }
    this.#offset += chunk.length
  }

  /** To be called after the last chunk. */
  finish(): FileScan {
    const isCutOff = this.#offset > this.#lineStart
    if (isCutOff && this.#lineNumber === 0) this.#isForeign = true
    if (this.#isBlank) return { kind: 'blank', cycles: [], damagedLines: 0, isClosed: false }
    if (this.#isForeign) return { kind: 'foreign', cycles: [], damagedLines: 0, isClosed: false }
    const isComplete = this.#cycles.length === 0 || !this.#lastHasComma
    return {
      kind: 'ours',
      cycles: this.#cycles,
      damagedLines: this.#damagedLines,
      isClosed: isComplete && !isCutOff && this.#linesBehind === 1 && this.#isBracketBehind,
    }
  }

  #addPart(chunk: Uint8Array, at: number, end: number): void {
    const isAtStart = this.#offset + at === this.#lineStart
    if (isAtStart) this.#first = chunk[at] ?? 0
    this.#beforeLast = end - at > 1 ? (chunk[end - 2] ?? 0) : this.#last
    this.#last = chunk[end - 1] ?? 0
    if (this.#isBlank) this.#isBlank = chunk.subarray(at, end).every(isWhiteSpace)
  }

  #endLine(end: number): void {
    const start = this.#lineStart
    const length = end - start
    const number = this.#lineNumber++
    this.#lineStart = end + 1
    if (number === 0) {
      this.#isForeign = length !== 1 || this.#first !== OPEN_BRACKET
      return
    }
    const hasComma = this.#last === COMMA
    const isEntry =
      length > 1 && this.#first === OPEN_BRACE && (hasComma ? this.#beforeLast : this.#last) === CLOSE_BRACE
    const isBracket = length === 1 && this.#first === CLOSE_BRACKET
    if (number === 1 && !isEntry && !isBracket) this.#isForeign = true
    if (isEntry) this.#addCycle({ start, end: hasComma ? end - 1 : end }, hasComma)
    else this.#addOther(isBracket)
  }

  #addCycle(place: CyclePlace, hasComma: boolean): void {
    if (this.#cycles.length > 0 && !this.#lastHasComma) this.#damagedLines++
    this.#damagedLines += this.#linesBehind
    this.#linesBehind = 0
    this.#lastHasComma = hasComma
    this.#cycles.push(place)
  }

  #addOther(isBracket: boolean): void {
    if (this.#linesBehind === 0) this.#isBracketBehind = isBracket
    this.#linesBehind++
  }
}

function isWhiteSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13)
}
