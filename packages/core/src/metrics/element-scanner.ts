const NEWLINE = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** White space, what stands between elements, and a byte order mark. */
const SEPARATORS = new Set([0x20, 0x09, 0x0d, NEWLINE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, 0xef, 0xbb, 0xbf])

export interface ScanOutcome {
  /** Bytes done with: what comes after them is not whole yet. */
  readonly settled: number
  /** Where the last element (or bad line) done with begins. */
  readonly lastStart: number
  readonly badLines: number
}

type Accept = (start: number, end: number) => boolean

/**
 * Finds the elements of a JSON array of objects in a piece of it that need not begin or end between two elements: one per line, all on one line, or
 * each over many lines. A line that is no element is bad and left out; one that is not whole waits.
 * @param accept gets where each element begins and ends; false when it cannot be read
 */
export function scanElements(bytes: Buffer, accept: Accept): ScanOutcome {
  let settled = 0
  let lastStart = 0
  let badLines = 0
  for (let at = skipSeparators(bytes, 0); at < bytes.length; at = skipSeparators(bytes, settled)) {
    const piece = acceptLine(bytes, at, accept) ?? acceptElement(bytes, at, accept)
    if (piece === undefined) break
    if (!piece.isGood) badLines++
    settled = piece.end
    lastStart = at
  }
  return { settled, lastStart, badLines }
}

interface Piece {
  readonly end: number
  readonly isGood: boolean
}

function skipSeparators(bytes: Buffer, from: number): number {
  let at = from
  while (SEPARATORS.has(bytes[at] ?? 0)) at++
  return at
}

/** The element that stands alone on the line from `at` on, as this project writes it. Undefined when there is no such. */
function acceptLine(bytes: Buffer, at: number, accept: Accept): Piece | undefined {
  const newline = bytes.indexOf(NEWLINE, at)
  if (newline === -1 || bytes[at] !== OPEN_BRACE) return undefined
  let end = newline
  while (end > at && SEPARATORS.has(bytes[end - 1] ?? 0)) end--
  const isWhole = end > at + 1 && bytes[end - 1] === CLOSE_BRACE
  return isWhole && accept(at, end) ? { end, isGood: true } : undefined
}

/** The element from `at` on, wherever its lines end. Undefined when the bytes end before it. */
function acceptElement(bytes: Buffer, at: number, accept: Accept): Piece | undefined {
  const walk = bytes[at] === OPEN_BRACE ? walkElement(bytes, at) : walkLine(bytes, at)
  if (walk === undefined) return undefined
  return { end: walk.end, isGood: walk.isClosed && accept(at, walk.end) }
}

interface Walk {
  readonly end: number
  /** False when it ends without its last brace. */
  readonly isClosed: boolean
}

/** Goes through an element brace by brace, to its last one or to where it turns out to be torn. */
function walkElement(bytes: Buffer, at: number): Walk | undefined {
  let depth = 0
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) {
      i = endOfText(bytes, i)
      if (bytes[i] === NEWLINE) return { end: i, isClosed: false }
    } else if (byte === OPEN_BRACE) {
      // No line within an element begins with a brace in the first column: that is the next element.
      if (i > at && bytes[i - 1] === NEWLINE) return { end: i - 1, isClosed: false }
      depth++
    } else if (byte === CLOSE_BRACE && --depth === 0) return { end: i + 1, isClosed: true }
  }
  return undefined
}

/** The quote that ends the text that begins at `at`, or the line end that no text can hold. */
function endOfText(bytes: Buffer, at: number): number {
  let i = at + 1
  while (i < bytes.length && bytes[i] !== QUOTE && bytes[i] !== NEWLINE) i += bytes[i] === BACKSLASH ? 2 : 1
  return i
}

function walkLine(bytes: Buffer, at: number): Walk | undefined {
  const newline = bytes.indexOf(NEWLINE, at)
  return newline === -1 ? undefined : { end: newline, isClosed: false }
}
