import type { KernelText } from '../host/kernel-text.ts'
import { completeLines } from './nested-keyed.ts'

/** Traffic of one network interface since it was made. */
export interface InterfaceTraffic {
  readonly name: string
  readonly rxBytes: number
  readonly txBytes: number
}

const RX_BYTES = 0
const TX_BYTES = 8
const COLUMNS = 16

/** Reads /proc/<pid>/net/dev. Undefined without its two lines of heading. Source: Linux, net/core/net-procfs.c. */
export function parseNetDev(text: KernelText): readonly InterfaceTraffic[] | undefined {
  const lines = completeLines(text)
  if (lines?.[1] === undefined || !lines[1].includes('|bytes')) return undefined
  return lines.slice(2).flatMap(parseLine)
}

function parseLine(line: string): InterfaceTraffic[] {
  const colon = line.indexOf(':')
  const columns = line
    .slice(colon + 1)
    .trim()
    .split(/ +/)
  const isComplete = colon > 0 && columns.length >= COLUMNS && columns.every(column => /^\d+$/.test(column))
  if (!isComplete) return []
  return [{ name: line.slice(0, colon).trim(), rxBytes: Number(columns[RX_BYTES]), txBytes: Number(columns[TX_BYTES]) }]
}
