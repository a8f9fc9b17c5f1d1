import { asciiBytes } from '@lxc-autoscale/core'
import type { KernelText } from '../kernel-text.ts'
import { isWord, lineEnd } from './digits.ts'

/** Share of the last 10 s in which some or all tasks stalled, 0-100. Undefined where the kernel does not say. */
export interface Stalls {
  readonly somePercent: number | undefined
  readonly fullPercent: number | undefined
}

const SOME = asciiBytes('some avg10=')
const FULL = asciiBytes('full avg10=')
const DOT = 46
const SPACE = 32

/** Reads cpu.pressure, memory.pressure, io.pressure. Source: Linux, accounting/psi.rst. */
export function parsePressure({ bytes, length }: KernelText): Stalls | undefined {
  let somePercent: number | undefined
  let fullPercent: number | undefined
  for (let at = 0; at < length; ) {
    const end = lineEnd(bytes, at, length)
    if (end === undefined) break
    const valueAt = at + SOME.length
    if (isWord(bytes, at, valueAt, SOME)) somePercent = percentAt(bytes, valueAt, end)
    else if (isWord(bytes, at, valueAt, FULL)) fullPercent = percentAt(bytes, valueAt, end)
    at = end + 1
  }
  return somePercent === undefined ? undefined : { somePercent, fullPercent }
}

/** A number like `12.34` that ends at a space; undefined for anything else. */
function percentAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  let digits = 0
  let value = 0
  let scale = 0
  for (let at = start; at < end && bytes[at] !== SPACE; at++) {
    const byte = bytes[at] ?? 0
    if (byte === DOT && scale === 0) scale = 1
    else if (byte < 48 || byte > 57) return undefined
    else {
      value = value * 10 + (byte - 48)
      digits++
      if (scale > 0) scale *= 10
    }
  }
  const percent = value / Math.max(scale, 1)
  return digits === 0 ? undefined : percent
}
