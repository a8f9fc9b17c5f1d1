import type { KernelText } from '../kernel-text.ts'
import { completeLines } from './nested-keyed.ts'

/** The load average over one minute that /proc/loadavg begins with. */
export function parseLoad1(text: KernelText): number | undefined {
  const match = /^(\d+\.\d+) /.exec(completeLines(text)?.[0] ?? '')
  return match === null ? undefined : Number(match[1])
}

/** The CPUs that are online: the `cpuN` lines of /proc/stat. */
export function parseOnlineCpus(text: KernelText): number | undefined {
  let count = 0
  for (const line of completeLines(text) ?? []) {
    if (/^cpu\d+ /.test(line)) count++
    else if (!line.startsWith('cpu')) break
  }
  return count === 0 ? undefined : count
}

/** The names of the block devices by `major:minor`, from /proc/diskstats. */
export function parseDeviceNames(text: KernelText): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const line of completeLines(text) ?? []) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s/.exec(line)
    if (match !== null) names.set(`${match[1]}:${match[2]}`, match[3] ?? '')
  }
  return names
}

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
