import type { KernelText } from '../kernel-text.ts'
import { asciiText, lineEnd } from './digits.ts'

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
