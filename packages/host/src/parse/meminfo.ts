import type { KernelText } from '../kernel-text.ts'
import { completeLines } from './nested-keyed.ts'

/** What /proc/meminfo says, KiB. */
export interface Meminfo {
  readonly totalKib: number | undefined
  readonly availableKib: number | undefined
  readonly swapTotalKib: number | undefined
}

/** Source: Linux, filesystems/proc.rst, meminfo. */
export function parseMeminfo(text: KernelText): Meminfo | undefined {
  const values = new Map<string, number>()
  for (const line of completeLines(text) ?? []) {
    const match = /^(\w+):\s+(\d+) kB\r?$/.exec(line)
    if (match !== null) values.set(match[1] ?? '', Number(match[2]))
  }
  if (!values.has('MemTotal')) return undefined
  return {
    totalKib: values.get('MemTotal'),
    availableKib: values.get('MemAvailable'),
    swapTotalKib: values.get('SwapTotal'),
  }
}
