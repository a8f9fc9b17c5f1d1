import type { KernelText } from '../kernel-text.ts'
import { asciiBytes, digitsAt, isWord, lineEnd } from './digits.ts'

const MAX = asciiBytes('max')
const SPACE = 32

/**
 * The cores that cpu.max (`QUOTA PERIOD`, microseconds) allows; Infinity for `max PERIOD`.
 * Source: Linux, admin-guide/cgroup-v2.rst, cpu.max.
 */
export function parseCpuMax({ bytes, length }: KernelText): number | undefined {
  const end = lineEnd(bytes, 0, length)
  if (end === undefined) return undefined
  let space = 0
  while (space < end && bytes[space] !== SPACE) space++
  const periodUsec = digitsAt(bytes, space + 1, end)
  if (periodUsec === undefined || periodUsec === 0) return undefined
  if (isWord(bytes, 0, space, MAX)) return Number.POSITIVE_INFINITY
  const quotaUsec = digitsAt(bytes, 0, space)
  return quotaUsec === undefined || quotaUsec === 0 ? undefined : quotaUsec / periodUsec
}
