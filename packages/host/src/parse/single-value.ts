import type { KernelText } from '../kernel-text.ts'
import { asciiBytes, digitsAt, isWord, lineEnd } from './digits.ts'

const MAX = asciiBytes('max')
const MINUS_ONE = asciiBytes('-1')
/** cgroup v1 spells "no limit" as the largest number of pages: 2^63 - 1, cut to pages of up to 64 KiB. */
const V1_NO_LIMIT_BYTES = 2 ** 63 - 65_536

/**
 * The one number of a file like memory.current. "No limit" (`max`; `-1` and about 2^63 on cgroup v1) is Infinity. Only
 * the first line counts, and only with its line feed: without, the text was cut off.
 */
export function parseSingleValue({ bytes, length }: KernelText): number | undefined {
  const end = lineEnd(bytes, 0, length)
  if (end === undefined) return undefined
  const value = digitsAt(bytes, 0, end)
  if (value !== undefined) return value >= V1_NO_LIMIT_BYTES ? Number.POSITIVE_INFINITY : value
  const isUnlimited = isWord(bytes, 0, end, MAX) || isWord(bytes, 0, end, MINUS_ONE)
  return isUnlimited ? Number.POSITIVE_INFINITY : undefined
}
