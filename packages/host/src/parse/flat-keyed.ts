import { asciiBytes } from '@lxc-autoscale/core'
import type { KernelText, Parse } from '../kernel-text.ts'
import { digitsAt, isWord, lineEnd } from './digits.ts'

const SPACE = 32

/**
 * Reads `key value` lines (cpu.stat, memory.stat, memory.events): the values of `keys` in their order, undefined for a
 * key that is missing or has no number. A line without its line feed was cut off and does not count. The whole is
 * undefined when none of the keys is there. Source: Linux, admin-guide/cgroup-v2.rst, "Flat keyed".
 */
export function flatKeyed(keys: readonly string[]): Parse<readonly (number | undefined)[]> {
  const table = new KeyTable(keys)
  const unknown = keys.map((): number | undefined => undefined)
  return ({ bytes, length }: KernelText) => {
    const values = unknown.slice()
    let missing = values.length
    for (let at = 0; at < length && missing > 0; ) {
      const space = wordEnd(bytes, at, length)
      const end = lineEnd(bytes, space, length)
      if (end === undefined) break
      const index = table.find(bytes, at, space)
      // The first line with a key counts.
      const value = index >= 0 && values[index] === undefined ? digitsAt(bytes, space + 1, end) : undefined
      if (value !== undefined) {
        values[index] = value
        missing--
      }
      at = end + 1
    }
    return missing === values.length ? undefined : values
  }
}

function wordEnd(bytes: Uint8Array, start: number, length: number): number {
  let at = start
  while (at < length && (bytes[at] ?? 0) > SPACE) at++
  return at
}

/** Finds a word among a few without making a string of it. */
class KeyTable {
  readonly #words: readonly Uint8Array[]
  readonly #byLength: (readonly number[] | undefined)[] = []

  constructor(keys: readonly string[]) {
    this.#words = keys.map(asciiBytes)
    this.#words.forEach((word, index) => {
      this.#byLength[word.length] = [...(this.#byLength[word.length] ?? []), index]
    })
  }

  /** The index of the key that stands in `[start, end)`, -1 for none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const candidates = this.#byLength[end - start]
    if (candidates === undefined) return -1
    for (const index of candidates) {
      const word = this.#words[index]
      if (word !== undefined && isWord(bytes, start, end, word)) return index
    }
    return -1
  }
}
