const DIGIT_0 = 48
const DIGIT_9 = 57
const CARRIAGE_RETURN = 13
const SPACE = 32

/**
 * The number that the decimal digits in `[start, end)` spell; undefined when anything else stands there. Above 2^53 it
 * is rounded to the nearest double.
 */
export function digitsAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  const stop = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end
  if (stop <= start) return undefined
  let value = 0
  for (let at = start; at < stop; at++) {
    const byte = bytes[at] ?? 0
    if (byte < DIGIT_0 || byte > DIGIT_9) return undefined
    value = value * 10 + (byte - DIGIT_0)
  }
  return value
}

/** Where the line that holds `at` ends (its line feed); undefined when the text is cut off before that. */
export function lineEnd(bytes: Uint8Array, at: number, length: number): number | undefined {
  for (let end = at; end < length; end++) if (bytes[end] === 10) return end
  return undefined
}

/** Where the word that begins at `start` ends: at a space, or at `end`. */
export function tokenEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== SPACE) at++
  return at
}

/** The text of the bytes in `[start, end)`, read as Latin-1. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return text
}

/** Whether `word` stands in `[start, end)` and nothing else. */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word[at]) return false
  return true
}
