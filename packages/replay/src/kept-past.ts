import { MS_PER_MINUTE, MS_PER_SECOND, type PastFigure, type PastStep } from '@lxc-autoscale/core'
import type { Trace } from './trace.ts'

interface Archive {
  readonly stepMinutes: number
  readonly rows: number
}

/** What Proxmox keeps, the finest first. Source: pmxcfs, `rrd_def_vm` and `rrd_def_pve9_vm` in status.c. */
const ARCHIVES = {
  'pve2.3-vm': archives([1, 70], [30, 70], [180, 70], [720, 70], [10_080, 70]),
  'pve-vm-9.0': archives([1, 1_440], [30, 1_440], [360, 1_440], [10_080, 570]),
} satisfies Readonly<Record<string, readonly Archive[]>>

/** The steps of either format, rising. */
export const KEPT_STEPS_S = [
  ...new Set(
    Object.values(ARCHIVES).flatMap(all => all.map(({ stepMinutes }) => (stepMinutes * MS_PER_MINUTE) / MS_PER_SECOND)),
  ),
].sort((a, b) => a - b)

type RrdFormat = keyof typeof ARCHIVES
export const RRD_FORMATS = Object.keys(ARCHIVES) as readonly RrdFormat[]

/** What Proxmox would have kept of a trace at `untilS`: for each moment the finest, oldest first. */
export function keptPast(trace: Trace, untilS: number, format: RrdFormat): PastStep[] {
  const untilMinute = Math.floor(untilS / 60)
  const minutes = minutesOf(trace, untilMinute)
  const steps: PastStep[] = []
  let fromMinute = minutes.fromMinute
  const coarsestFirst = ARCHIVES[format].toReversed()
  coarsestFirst.forEach(({ stepMinutes, rows }, at) => {
    const finer = coarsestFirst[at + 1]
    const endMinute = finer === undefined ? untilMinute : beginOf(finer, untilMinute, stepMinutes)
    const first = Math.max(Math.ceil(fromMinute / stepMinutes), Math.floor(untilMinute / stepMinutes) - rows)
    for (let minute = first * stepMinutes; minute + stepMinutes <= endMinute; minute += stepMinutes) {
      steps.push(stepOf(trace, minutes, minute, stepMinutes))
      fromMinute = minute + stepMinutes
    }
  })
  return steps
}

function archives(...all: readonly (readonly [stepMinutes: number, rows: number])[]): readonly Archive[] {
  return all.map(([stepMinutes, rows]) => ({ stepMinutes, rows }))
}

/** Where a finer archive takes over: it need not begin where a step of the coarser one ends. */
function beginOf({ stepMinutes, rows }: Archive, untilMinute: number, coarserMinutes: number): number {
  const beginMinute = (Math.floor(untilMinute / stepMinutes) - rows) * stepMinutes
  return Math.ceil(beginMinute / coarserMinutes) * coarserMinutes
}

interface Minutes {
  readonly fromMinute: number
  readonly cores: Float64Array
  readonly memoryMb: Float64Array
}

/** A sample of a trace is the mean of the time since the one before it. */
function minutesOf({ timesS, cpuCores, memoryMb }: Trace, untilMinute: number): Minutes {
  const fromMinute = Math.ceil((timesS[0] ?? 0) / 60) - 1
  const count = Math.max(0, untilMinute - fromMinute)
  const minutes = {
    fromMinute,
    cores: new Float64Array(count).fill(Number.NaN),
    memoryMb: new Float64Array(count).fill(Number.NaN),
  }
  let at = 0
  for (let minute = 0; minute < count; minute++) {
    const endS = (fromMinute + minute + 1) * 60
    while (at < timesS.length - 1 && (timesS[at] ?? 0) < endS) at++
    minutes.cores[minute] = cpuCores?.[at] ?? Number.NaN
    minutes.memoryMb[minute] = memoryMb?.[at] ?? Number.NaN
  }
  return minutes
}

function stepOf(trace: Trace, { fromMinute, cores, memoryMb }: Minutes, minute: number, minutes: number): PastStep {
  const [from, to] = [minute - fromMinute, minute - fromMinute + minutes]
  const memoryUsedMb = figureOf(memoryMb.subarray(from, to))
  return {
    startMs: minute * MS_PER_MINUTE,
    stepMs: minutes * MS_PER_MINUTE,
    coresUsed: figureOf(cores.subarray(from, to)),
    memoryUsedMb,
    cores: trace.initialCores,
    memoryLimitMb: trace.initialMemoryMb ?? (memoryUsedMb && Math.ceil(memoryUsedMb.peak)),
    cpuWaitingPercent: undefined,
  }
}

function figureOf(values: Float64Array): PastFigure | undefined {
  const known = values.filter(value => !Number.isNaN(value))
  if (known.length === 0) return undefined
  return {
    mean: known.reduce((sum, value) => sum + value, 0) / known.length,
    peak: known.reduce((a, b) => Math.max(a, b)),
  }
}

/** The trace from `fromS` on, for so many seconds. */
export function cutTrace(trace: Trace, fromS: number, lengthS: number): Trace {
  const { timesS, cpuCores, memoryMb } = trace
  const isKept = (at: number) => (timesS[at] ?? 0) > fromS && (timesS[at] ?? 0) <= fromS + lengthS
  const kept = (values: Float64Array) => values.filter((_, at) => isKept(at))
  return { ...trace, timesS: kept(timesS), cpuCores: cpuCores && kept(cpuCores), memoryMb: memoryMb && kept(memoryMb) }
}
