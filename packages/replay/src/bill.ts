import type { ReplayRun } from './closed-loop.ts'
import { sampleWeightsS, type Trace } from './trace.ts'

/** What one resource of one container cost under one policy. Amounts are cores or MB. */
export interface ResourceBill {
  /** Allocated and not used, percent of what was allocated. */
  readonly slackPercent: number
  /** Share of the time in which the demand was above the allocation. */
  readonly shortPercent: number
  /** Times at which the demand rose above the allocation. */
  readonly shortEpisodes: number
  readonly changes: number
  /** Amount x hours. */
  readonly allocatedHours: number
  readonly usedHours: number
}

export interface MemoryBill extends ResourceBill {
  /** Times above the limit that the swap took up from beginning to end. */
  readonly swapped: number
  /** Times at which the demand rose above the limit and the swap together: an OOM kill each. */
  readonly kills: number
}

export interface ReplayBill {
  readonly days: number
  readonly cpu: ResourceBill | undefined
  readonly memory: MemoryBill | undefined
  /** Moments at which anything was changed. */
  readonly changes: number
}

const SECONDS_PER_HOUR = 3_600
const HOURS_PER_DAY = 24

/** What `run` cost against the demand of `trace`, over its whole length, with so much swap. */
export function bill(trace: Trace, run: ReplayRun, swapMb = 0): ReplayBill {
  const weightsS = sampleWeightsS(trace)
  return {
    days: weightsS.reduce((sum, weightS) => sum + weightS, 0) / SECONDS_PER_HOUR / HOURS_PER_DAY,
    cpu: resourceBill(trace.cpuCores, run.cores, weightsS),
    memory: memoryBill(trace.memoryMb, run.memoryMb, { weightsS, swapMb }),
    changes: run.changes.length,
  }
}

/** The run of a container that is never changed. */
export function staticRun(trace: Trace, cores: number | undefined, memoryMb: number | undefined): ReplayRun {
  return {
    cores: trace.cpuCores?.map(() => cores ?? Number.NaN),
    memoryMb: trace.memoryMb?.map(() => memoryMb ?? Number.NaN),
    changes: [],
  }
}

function resourceBill(
  demand: Float64Array | undefined,
  allocation: Float64Array | undefined,
  weightsS: Float64Array,
): ResourceBill | undefined {
  if (demand === undefined || allocation === undefined) return undefined
  const sums = { allocatedS: 0, usedS: 0, shortS: 0, knownS: 0, shortEpisodes: 0 }
  let wasShort = false
  for (let index = 0; index < demand.length; index++) {
    const wanted = demand[index] ?? Number.NaN
    const given = allocation[index] ?? Number.NaN
    if (Number.isNaN(wanted) || Number.isNaN(given)) continue
    const weightS = weightsS[index] ?? 0
    const isShort = wanted > given + TOLERANCE
    sums.knownS += weightS
    sums.allocatedS += weightS * given
    sums.usedS += weightS * Math.min(wanted, given)
    sums.shortS += weightS * Number(isShort)
    sums.shortEpisodes += Number(isShort && !wasShort)
    wasShort = isShort
  }
  const { allocatedS, usedS, shortS, knownS, shortEpisodes } = sums
  if (knownS === 0 || allocatedS === 0) return undefined
  return {
    slackPercent: (100 * (allocatedS - usedS)) / allocatedS,
    shortPercent: (100 * shortS) / knownS,
    shortEpisodes,
    changes: countChanges(allocation),
    allocatedHours: allocatedS / SECONDS_PER_HOUR,
    usedHours: usedS / SECONDS_PER_HOUR,
  }
}

interface MemoryTerms {
  readonly weightsS: Float64Array
  readonly swapMb: number
}

function memoryBill(
  demand: Float64Array | undefined,
  allocation: Float64Array | undefined,
  { weightsS, swapMb }: MemoryTerms,
): MemoryBill | undefined {
  const billed = resourceBill(demand, allocation, weightsS)
  if (billed === undefined || demand === undefined || allocation === undefined) return undefined
  const counts = { swapped: 0, kills: 0 }
  // 0 within the limit, 1 in swap, 2 beyond it; the worst since demand rose above the limit.
  let [before, worst] = [0, 0]
  for (let index = 0; index < demand.length; index++) {
    const excess = (demand[index] ?? Number.NaN) - (allocation[index] ?? Number.NaN)
    if (Number.isNaN(excess)) continue
    const level = Number(excess > TOLERANCE) + Number(excess > swapMb + TOLERANCE)
    counts.kills += Number(level === 2 && before !== 2)
    counts.swapped += Number(level === 0 && worst === 1)
    worst = level === 0 ? 0 : Math.max(worst, level)
    before = level
  }
  return { ...billed, swapped: counts.swapped + Number(worst === 1), kills: counts.kills }
}

/** Rounding of the figures of a trace must not count as being short. */
const TOLERANCE = 1e-9

function countChanges(allocation: Float64Array): number {
  return allocation.reduce((count, given, index) => count + Number(index > 0 && given !== allocation[index - 1]), 0)
}
