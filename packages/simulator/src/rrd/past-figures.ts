import type { RrdValues } from './rrd-file.ts'
import type { RrdFormat } from './rrd-format.ts'

/** What a guest had and used at a moment, for its past. */
export interface PastFigures {
  readonly cores: number
  readonly coresUsed: number
  readonly memoryLimitBytes: number
  readonly memoryBytes: number
  /** Share of the time in which something waited for the CPU. */
  readonly cpuWaitingPercent: number
}

/** These figures in the order of a format; what nobody asks for is 0. */
export function pastValues({ sources }: RrdFormat, figures: PastFigures): RrdValues {
  const { cores, coresUsed, memoryLimitBytes, memoryBytes, cpuWaitingPercent } = figures
  const known: Readonly<Record<string, number>> = {
    maxcpu: cores,
    cpu: coresUsed / cores,
    maxmem: memoryLimitBytes,
    mem: memoryBytes,
    // Known of virtual machines only.
    memhost: Number.NaN,
    pressurecpusome: cpuWaitingPercent,
  }
  return sources.map(([name]) => known[name] ?? 0)
}
