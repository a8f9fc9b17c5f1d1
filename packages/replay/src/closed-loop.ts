import { type MemoryEvents, MS_PER_SECOND, type Pressure } from '@lxc-autoscale/core'
import { type Allocation, type Circumstances, type Decision, isChange, type LocalSample } from '@lxc-autoscale/model'
import { RecentSteps } from './recent-steps.ts'
import type { Trace } from './trace.ts'

/** What sizes a container: the whole of policy and safety rules. */
export interface ReplaySizer {
  observe(sample: LocalSample): void
  decide(circumstances: Circumstances): Decision
  applied(allocation: Allocation, nowMs: number): void
}

export interface ReplayOptions {
  /** Seconds between two decisions; a trace with a longer step is decided on at its own step. */
  readonly intervalS: number
  /** What a trace that does not say starts with. */
  readonly fallback: Allocation
  /** Room above its use that a container keeps when its memory shrinks, as the API's safety rules would have it. */
  readonly memoryMargin: MemoryMargin
  /** Swap of the container, MB: memory demand above the limit by no more than that is swapped out, beyond it kills. None by default. */
  readonly swapMb?: number
  /** Called now and then with the share of the trace that is done, 0-1. */
  readonly onProgress?: (share: number) => void
}

export interface MemoryMargin {
  readonly mb: number
  readonly percent: number
}

/** What a sizer would have done. Arrays have one element per sample; `undefined` where the trace lacks the resource. */
export interface ReplayRun {
  /** The allocation in force when the sample was taken. */
  readonly cores: Float64Array | undefined
  readonly memoryMb: Float64Array | undefined
  readonly changes: readonly ReplayChange[]
}

export interface ReplayChange {
  readonly timeS: number
  readonly allocation: Allocation
  readonly decision: Decision
}

const PROGRESS_EVERY = 500
/** A sample that comes early by so much of a step is still decided on. */
const JITTER_SHARE = 0.25

/**
 * Runs `sizer` over `trace` in a closed loop: it sees what a monitor would have seen (the demand as far as its own
 * allocation let it through, throttling, OOM kills), and what it decides on a sample is in force from the next one on.
 */
export function replay(trace: Trace, sizer: ReplaySizer, options: ReplayOptions): ReplayRun {
  const { timesS } = trace
  const steps = new RecentSteps()
  const inForce = allocationRecord(trace)
  const changes: ReplayChange[] = []
  let allocation: Allocation = startAllocation(trace, options.fallback)
  let decidedS = Number.NEGATIVE_INFINITY
  timesS.forEach((timeS, index) => {
    inForce.record(index, allocation)
    const sample = visible(trace, index, allocation, options.swapMb ?? 0)
    sizer.observe(sample)
    if (index % PROGRESS_EVERY === 0) options.onProgress?.(index / timesS.length)
    const stepS = steps.median(timeS)
    const dueS = Math.max(options.intervalS, stepS) - stepS * JITTER_SHARE
    if (timeS - decidedS < dueS) return
    decidedS = timeS
    const leastMemoryMb = leastMemory(sample, options.memoryMargin)
    const decision = sizer.decide({ ...circumstancesAt(trace, timeS, dueS), allocation, leastMemoryMb })
    if (!isChange(decision) || !decision.isToBeApplied) return
    allocation = decision.to
    sizer.applied(allocation, timeS * MS_PER_SECOND)
    changes.push({ timeS, allocation, decision })
  })
  options.onProgress?.(1)
  return { cores: inForce.cores, memoryMb: inForce.memoryMb, changes }
}

function allocationRecord(trace: Trace) {
  const cores = trace.cpuCores && new Float64Array(trace.timesS.length)
  const memoryMb = trace.memoryMb && new Float64Array(trace.timesS.length)
  return {
    cores,
    memoryMb,
    record(index: number, allocation: Allocation): void {
      if (cores !== undefined) cores[index] = allocation.cores ?? Number.NaN
      if (memoryMb !== undefined) memoryMb[index] = allocation.memoryMb ?? Number.NaN
    },
  }
}

/** What `trace` starts with: what it says, else `fallback`; nothing for a resource it lacks. */
export function startAllocation(trace: Trace, fallback: Allocation): Allocation {
  return {
    cores: trace.cpuCores === undefined ? undefined : (trace.initialCores ?? fallback.cores),
    memoryMb: trace.memoryMb === undefined ? undefined : (trace.initialMemoryMb ?? fallback.memoryMb),
  }
}

/** Rounding of the figures of a trace must not count as throttling. */
const TOLERANCE = 1e-9

/** What a trace does not tell. */
const NO_PRESSURE: Pressure = {
  cpuSomePercent: undefined,
  memorySomePercent: undefined,
  memoryFullPercent: undefined,
  ioSomePercent: undefined,
  ioFullPercent: undefined,
}
const NO_EVENTS: MemoryEvents = {
  high: undefined,
  max: undefined,
  oomKill: undefined,
  innerMax: undefined,
  innerOomKill: undefined,
}

function visible(trace: Trace, index: number, allocation: Allocation, swapMb: number): LocalSample {
  const timestampMs = (trace.timesS[index] ?? 0) * MS_PER_SECOND
  const cpu = through(trace.cpuCores?.[index], allocation.cores)
  const memory = through(trace.memoryMb?.[index], allocation.memoryMb)
  const cutPercent = cpu.isCut === undefined ? undefined : Number(cpu.isCut) * 100
  const { swapUsageMb, memorySomePercent, memoryEvents } = visibleExcess(memory, swapMb)
  return {
    timestampMs,
    localTimeMs: timestampMs + trace.utcOffsetMs,
    cpuCores: allocation.cores,
    memoryLimitMb: allocation.memoryMb,
    cpuCoresUsed: cpu.seen,
    cpuThrottledPercent: cutPercent,
    memoryUsageMb: memory.seen,
    memoryFloorMb: undefined,
    swapUsageMb,
    pressure: { ...NO_PRESSURE, cpuSomePercent: cutPercent, memorySomePercent },
    memoryEvents,
  }
}

/** A container that swaps waits for its own pages; how much, a trace does not tell. */
const SWAPPING_STALL_PERCENT = 20

/** What shows of memory demand that the limit does not let through: swap and stalls, or a kill; without swap a kill alone. */
function visibleExcess({ isCut, excess }: Through, swapMb: number) {
  if (isCut === undefined || swapMb === 0) {
    const memoryEvents = { ...NO_EVENTS, oomKill: isCut === undefined ? undefined : Number(isCut) }
    return { swapUsageMb: undefined, memorySomePercent: undefined, memoryEvents }
  }
  return {
    swapUsageMb: Math.min(excess, swapMb),
    memorySomePercent: isCut ? SWAPPING_STALL_PERCENT : 0,
    memoryEvents: { ...NO_EVENTS, max: Number(isCut), oomKill: Number(excess > swapMb + TOLERANCE) },
  }
}

interface Through {
  readonly seen: number | undefined
  /** Whether the demand was larger than what the limit let through. */
  readonly isCut: boolean | undefined
  /** By how much. */
  readonly excess: number
}

function through(demand: number | undefined, limit: number | undefined): Through {
  if (demand === undefined || Number.isNaN(demand)) return { seen: undefined, isCut: undefined, excess: 0 }
  if (limit === undefined || demand <= limit + TOLERANCE) return { seen: demand, isCut: false, excess: 0 }
  return { seen: limit, isCut: true, excess: demand - limit }
}

/** All that is used counts as what the container cannot give up: a trace does not tell more. */
function leastMemory({ memoryUsageMb }: LocalSample, { mb, percent }: MemoryMargin): number | undefined {
  return memoryUsageMb === undefined
    ? undefined
    : Math.ceil(memoryUsageMb + Math.max(mb, (memoryUsageMb * percent) / 100))
}

function circumstancesAt(
  trace: Trace,
  timeS: number,
  dueS: number,
): Omit<Circumstances, 'allocation' | 'leastMemoryMb'> {
  const nowMs = timeS * MS_PER_SECOND
  return {
    nowMs,
    localTimeMs: nowMs + trace.utcOffsetMs,
    maxDataAgeMs: 3 * dueS * MS_PER_SECOND,
    isRunning: true,
    lock: '',
    isMigrating: false,
    uptimeMs: undefined,
    rawCores: undefined,
    rawMemory: undefined,
    verdict: undefined,
    implausible: undefined,
  }
}
