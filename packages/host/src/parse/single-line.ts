import { asciiBytes } from '@lxc-autoscale/core'
import type { KernelText } from '../kernel-text.ts'
import { asciiText, digitsAt, isWord, lineEnd, tokenEnd } from './digits.ts'

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

/** How many CPUs a list like `0-3,8` names; undefined when it names none or is no list. */
export function parseCpuCount({ bytes, length }: KernelText): number | undefined {
  const line = lineEnd(bytes, 0, length)
  if (line === undefined) return undefined
  let start = 0
  let end = line
  while (start < end && (bytes[start] ?? 0) <= SPACE) start++
  while (end > start && (bytes[end - 1] ?? 0) <= SPACE) end--
  let count = 0
  for (let at = start; at <= end; ) {
    const stop = byteBefore(bytes, at, end, COMMA)
    const size = rangeSize(bytes, at, stop)
    if (size === undefined) return undefined
    count += size
    at = stop + 1
  }
  return count
}

const SPACE = 32
const COMMA = 44
const DASH = 45
const MOST_CPU_DIGITS = 7

/** How many numbers `3` or `0-3` names; undefined for anything else. */
function rangeSize(bytes: Uint8Array, start: number, end: number): number | undefined {
  const dash = byteBefore(bytes, start, end, DASH)
  const first = cpuAt(bytes, start, dash)
  const last = dash === end ? first : cpuAt(bytes, dash + 1, end)
  return first === undefined || last === undefined || last < first ? undefined : last - first + 1
}

function cpuAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  return end - start > MOST_CPU_DIGITS ? undefined : digitsAt(bytes, start, end)
}

/** Where the first `byte` is at or after `start`; `end` when there is none before. */
function byteBefore(bytes: Uint8Array, start: number, end: number, byte: number): number {
  let at = start
  while (at < end && bytes[at] !== byte) at++
  return at
}

/** Whether a list like that of cgroup.controllers (`cpuset cpu io`) has a word; undefined when it is cut off. */
export function hasWord({ bytes, length }: KernelText, word: string): boolean | undefined {
  const end = lineEnd(bytes, 0, length)
  return end === undefined ? undefined : asciiText(bytes, 0, end).split(' ').includes(word)
}
