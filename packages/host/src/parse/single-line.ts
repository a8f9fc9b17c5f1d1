import type { KernelText } from '../kernel-text.ts'
import { asciiBytes, asciiText, digitsAt, isWord, lineEnd, tokenEnd } from './digits.ts'

/*
 * Files of one line. Only the first line counts, and only with its line feed: without, the text was cut off.
 */

const MAX = asciiBytes('max')
const MINUS_ONE = asciiBytes('-1')
/** cgroup v1 spells "no limit" as the largest number of pages: 2^63 - 1, cut to pages of up to 64 KiB. */
const V1_NO_LIMIT_BYTES = 2 ** 63 - 65_536

/**
 * The one number of a file like memory.current. "No limit" (`max`; `-1` and about 2^63 on cgroup v1) is Infinity.
 */
export function parseSingleValue({ bytes, length }: KernelText): number | undefined {
  const end = lineEnd(bytes, 0, length)
  if (end === undefined) return undefined
  const value = digitsAt(bytes, 0, end)
  if (value !== undefined) return value >= V1_NO_LIMIT_BYTES ? Number.POSITIVE_INFINITY : value
  const isUnlimited = isWord(bytes, 0, end, MAX) || isWord(bytes, 0, end, MINUS_ONE)
  return isUnlimited ? Number.POSITIVE_INFINITY : undefined
}

/**
 * The cores that cpu.max (`QUOTA PERIOD`, microseconds) allows; Infinity for `max PERIOD`.
 * Source: Linux, admin-guide/cgroup-v2.rst, cpu.max.
 */
export function parseCpuMax({ bytes, length }: KernelText): number | undefined {
  const end = lineEnd(bytes, 0, length)
  if (end === undefined) return undefined
  const space = tokenEnd(bytes, 0, end)
  const periodUsec = digitsAt(bytes, space + 1, end)
  if (periodUsec === undefined || periodUsec === 0) return undefined
  if (isWord(bytes, 0, space, MAX)) return Number.POSITIVE_INFINITY
  const quotaUsec = digitsAt(bytes, 0, space)
  return quotaUsec === undefined || quotaUsec === 0 ? undefined : quotaUsec / periodUsec
}

const RANGE = /^(\d{1,7})(?:-(\d{1,7}))?$/

/** How many CPUs a list like `0-3,8` names; undefined when it names none or is no list. */
export function parseCpuCount({ bytes, length }: KernelText): number | undefined {
  const end = lineEnd(bytes, 0, length)
  if (end === undefined) return undefined
  let count = 0
  for (const part of asciiText(bytes, 0, end).trim().split(',')) {
    const range = RANGE.exec(part)
    if (range === null) return undefined
    const first = Number(range[1])
    const last = Number(range[2] ?? range[1])
    if (last < first) return undefined
    count += last - first + 1
  }
  return count
}

/** Whether a list like that of cgroup.controllers (`cpuset cpu io`) has a word; undefined when it is cut off. */
export function hasWord({ bytes, length }: KernelText, word: string): boolean | undefined {
  const end = lineEnd(bytes, 0, length)
  return end === undefined ? undefined : asciiText(bytes, 0, end).split(' ').includes(word)
}
