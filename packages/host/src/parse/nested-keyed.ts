import { asciiBytes } from '@lxc-autoscale/core'
import type { KernelText, Parse } from '../kernel-text.ts'
import { asciiText, digitsAt, isWord, lineEnd, tokenEnd } from './digits.ts'

const EQUALS = 61

/** The values of one name (a device) in the order of the keys; undefined for a key that it lacks. */
export interface NestedValues {
  readonly name: string
  readonly values: readonly (number | undefined)[]
}

/**
 * Reads `name key=value ...` lines (io.stat). A line with none of the keys does not count: the kernel prints bare names
 * of devices without traffic. Source: Linux, admin-guide/cgroup-v2.rst, "Nested keyed".
 */
export function nestedKeyed(keys: readonly string[]): Parse<readonly NestedValues[]> {
  const words = keys.map(key => asciiBytes(`${key}=`))
  return ({ bytes, length }: KernelText) => {
    const rows: NestedValues[] = []
    for (let at = 0; at < length; ) {
      const end = lineEnd(bytes, at, length)
      if (end === undefined) return undefined
      const row = parseRow(bytes, at, end, words)
      if (row !== undefined) rows.push(row)
      at = end + 1
    }
    return rows
  }
}

function parseRow(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: readonly Uint8Array[],
): NestedValues | undefined {
  // Of several names the figures belong to the last one: some kernels end the line of a device without traffic without a line feed.
  let nameStart = start
  let nameEnd = tokenEnd(bytes, start, end)
  for (let at = nameEnd + 1; at < end && !hasEquals(bytes, at, end); at = nameEnd + 1) {
    nameStart = at
    nameEnd = tokenEnd(bytes, at, end)
  }
  const values = new Array<number | undefined>(words.length).fill(undefined)
  let isFound = false
  for (let at = nameEnd + 1; at < end; ) {
    const stop = tokenEnd(bytes, at, end)
    const index = keyAt(bytes, at, words)
    const value = index < 0 ? undefined : digitsAt(bytes, at + (words[index]?.length ?? 0), stop)
    if (value !== undefined) {
      values[index] = value
      isFound = true
    }
    at = stop + 1
  }
  return isFound && nameEnd > nameStart ? { name: asciiText(bytes, nameStart, nameEnd), values } : undefined
}

/** The index of the key that begins at `at`, -1 for none. */
function keyAt(bytes: Uint8Array, at: number, words: readonly Uint8Array[]): number {
  for (const [index, word] of words.entries()) if (isWord(bytes, at, at + word.length, word)) return index
  return -1
}

/** Whether the token that begins at `start` is a `key=value`. */
function hasEquals(bytes: Uint8Array, start: number, end: number): boolean {
  const stop = tokenEnd(bytes, start, end)
  for (let at = start; at < stop; at++) if (bytes[at] === EQUALS) return true
  return false
}

/**
 * Reads the `name Operation count` lines of cgroup v1 (blkio.throttle.io_serviced_recursive) into the same shape.
 * Source: Linux, admin-guide/cgroup-v1/blkio-controller.rst.
 */
export function nestedOperations(operations: readonly string[]): Parse<readonly NestedValues[]> {
  return (text: KernelText) => {
    const byName = new Map<string, (number | undefined)[]>()
    const lines = completeLines(text)
    if (lines === undefined) return undefined
    for (const line of lines) {
      const [name = '', operation = '', count = ''] = line.trim().split(' ')
      const index = operations.indexOf(operation)
      if (index < 0 || !/^\d+$/.test(count)) continue
      const values = byName.get(name) ?? operations.map((): number | undefined => undefined)
      values[index] = Number(count)
      byName.set(name, values)
    }
    return [...byName].map(([name, values]) => ({ name, values }))
  }
}

/**
 * The lines of a text, none of an empty one; undefined when the last line lacks its line feed: then the text was cut off,
 * and a sum over its lines would be wrong.
 */
export function completeLines({ bytes, length }: KernelText): string[] | undefined {
  if (length === 0) return []
  if (bytes[length - 1] !== 10) return undefined
  return asciiText(bytes, 0, length - 1).split('\n')
}
