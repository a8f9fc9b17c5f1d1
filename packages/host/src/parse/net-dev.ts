import { asciiBytes } from '@lxc-autoscale/core'
import type { KernelText } from '../kernel-text.ts'
import { asciiText, digitsAt, isWord, lineEnd, tokenEnd } from './digits.ts'

/** Traffic of one network interface since it was made. */
export interface InterfaceTraffic {
  readonly name: string
  readonly rxBytes: number
  readonly txBytes: number
}

const HEADING = asciiBytes('Inter-|')
const HEADING_LINES = 2
const RX_BYTES = 0
const TX_BYTES = 8
const COLUMNS = 16
const SPACE = 32
const COLON = 58

/**
 * Reads /proc/<pid>/net/dev. Undefined without its heading or when it is cut off. Source: Linux, net/core/net-procfs.c.
 */
export function parseNetDev({ bytes, length }: KernelText): readonly InterfaceTraffic[] | undefined {
  if (!isWord(bytes, 0, Math.min(length, HEADING.length), HEADING)) return undefined
  const interfaces: InterfaceTraffic[] = []
  let line = 0
  for (let at = 0; at < length; line++) {
    const end = lineEnd(bytes, at, length)
    if (end === undefined) return undefined
    const traffic = line < HEADING_LINES ? undefined : parseLine(bytes, at, end)
    if (traffic !== undefined) interfaces.push(traffic)
    at = end + 1
  }
  return line < HEADING_LINES ? undefined : interfaces
}

function parseLine(bytes: Uint8Array, start: number, end: number): InterfaceTraffic | undefined {
  const nameStart = skipSpaces(bytes, start, end)
  const colon = bytes.indexOf(COLON, nameStart)
  if (colon <= nameStart || colon >= end) return undefined
  let rxBytes: number | undefined
  let txBytes: number | undefined
  let at = colon + 1
  for (let column = 0; column < COLUMNS; column++) {
    const from = skipSpaces(bytes, at, end)
    at = tokenEnd(bytes, from, end)
    const value = digitsAt(bytes, from, at)
    if (value === undefined) return undefined
    if (column === RX_BYTES) rxBytes = value
    if (column === TX_BYTES) txBytes = value
  }
  if (rxBytes === undefined || txBytes === undefined) return undefined
  return { name: asciiText(bytes, nameStart, colon), rxBytes, txBytes }
}

function skipSpaces(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === SPACE) at++
  return at
}
