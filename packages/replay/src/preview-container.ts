import {
  formatTime,
  type KnownSpan,
  MS_PER_SECOND,
  type PastFigure,
  type PastStep,
  type PreviewCurves,
  type PreviewedContainer,
  type PreviewedResource,
} from '@lxc-autoscale/core'
import type { ContainerSettings, PerResource } from '@lxc-autoscale/model'
import { bill } from './bill.ts'
import type { MemoryMargin } from './closed-loop.ts'
import { type Column, inSteps, mean, most, newest, type Summary, weightedMean } from './columns.ts'
import { KEPT_STEPS_S } from './kept-past.ts'
import { isKnown, type PastMinutes, pastMinutes } from './past-minutes.ts'
import { replayContainer } from './replay-container.ts'
import { shortMoments } from './short-moments.ts'
import { sampleWeightsS, type Trace } from './trace.ts'

/** Steps of a curve at most: hours of 30 days. */
const MOST_STEPS = 720
const SECONDS_PER_MINUTE = 60
const SECONDS_PER_HOUR = 3_600

export interface PreviewJob {
  readonly vmid: number
  readonly settings: ContainerSettings
  /** What Proxmox has kept of it, oldest first. */
  readonly steps: readonly PastStep[]
  /** What has no limit that could be changed, or one past Proxmox, is left as it is. */
  readonly isSized: PerResource<boolean>
  readonly intervalS: number
  /** How far local time is ahead of UTC on the host. */
  readonly utcOffsetMs: number
  readonly swapMb: number
  readonly memoryMargin: MemoryMargin
}

export type ContainerPreview = Pick<
  PreviewedContainer,
  'known' | 'curves' | 'cores' | 'memory_mb' | 'changes' | 'kills'
>

/**
 * What the model would have done with the past of a container, had it begun there without knowing anything. Undefined when
 * nothing is known of it. `onProgress` is told the share that is done.
 */
export function previewContainer(job: PreviewJob, onProgress: (share: number) => void): ContainerPreview | undefined {
  const { vmid, settings, steps, isSized, intervalS, swapMb, memoryMargin } = job
  const past = pastMinutes(steps)
  if (past.timesS.length < 2) return undefined
  const trace = traceOf(job, past)
  const would = replayContainer(trace, { vmid, settings, intervalS, swapMb, memoryMargin, onProgress })
  const shared = { steps, timesS: past.timesS, weightsS: sampleWeightsS(trace) }
  return {
    known: knownSpans(steps),
    curves: curvesOf(past, would),
    cores: previewedResource({
      ...shared,
      figureOf: ({ coresUsed }) => coresUsed,
      isSized: isSized.cores,
      used: past.cores,
      had: past.coresGiven,
      would: would.cores,
    }),
    memory_mb: previewedResource({
      ...shared,
      figureOf: ({ memoryUsedMb }) => memoryUsedMb,
      isSized: isSized.memory,
      used: past.memoryMb,
      had: past.memoryGivenMb,
      would: would.memoryMb,
    }),
    changes: would.changes.length,
    kills: bill(trace, would, swapMb).memory?.kills ?? 0,
  }
}

function traceOf({ vmid, isSized, utcOffsetMs }: PreviewJob, past: PastMinutes): Trace {
  const known = (column: Float64Array) => (column.some(value => !Number.isNaN(value)) ? column : undefined)
  return {
    name: String(vmid),
    timesS: past.timesS,
    cpuCores: isSized.cores ? known(past.cores) : undefined,
    memoryMb: isSized.memory ? known(past.memoryMb) : undefined,
    initialCores: past.coresGiven.find(cores => cores > 0),
    initialMemoryMb: past.memoryGivenMb.find(memoryMb => memoryMb > 0),
    utcOffsetMs,
  }
}

interface Given {
  readonly cores: Column
  readonly memoryMb: Column
}

function curvesOf(past: PastMinutes, would: Given): PreviewCurves {
  const { timesS } = past
  const [firstS = 0, lastS = 0] = [timesS[0], timesS.at(-1)]
  const stepS = SECONDS_PER_MINUTE * Math.ceil(((lastS - firstS) / SECONDS_PER_MINUTE + 1) / MOST_STEPS)
  const steps = (column: Column, summary: Summary) =>
    inSteps(timesS, column, { stepS, summary }).map(value => (value === null ? null : Number(value.toPrecision(4))))
  return {
    since: formatTime((firstS - SECONDS_PER_MINUTE) * MS_PER_SECOND),
    step_seconds: stepS,
    cores_used: steps(past.cores, mean),
    cores_peak: steps(past.cores, most),
    cores_given: steps(past.coresGiven, newest),
    cores_would: steps(would.cores, newest),
    memory_used_mb: steps(past.memoryMb, most),
    memory_given_mb: steps(past.memoryGivenMb, newest),
    memory_would_mb: steps(would.memoryMb, newest),
  }
}

interface ResourceTerms {
  readonly figureOf: (step: PastStep) => PastFigure | undefined
  readonly isSized: boolean
  readonly used: Float64Array
  readonly had: Float64Array
  readonly would: Column
  readonly steps: readonly PastStep[]
  readonly timesS: Float64Array
  readonly weightsS: Float64Array
}

function previewedResource(terms: ResourceTerms): PreviewedResource {
  const { figureOf, isSized, used, had, would, steps, timesS, weightsS } = terms
  const meanOf = weightedMean(weightsS)
  const short = isSized ? shortMoments(steps, { timesS, used, would }) : []
  return {
    is_sized: isSized,
    ...usedOf(steps, figureOf),
    had_mean: meanOf(had),
    would_mean: isSized ? meanOf(would) : meanOf(had),
    freed_hours: freedHours(had, isSized ? would : had, weightsS),
    short_seconds: short.reduce((sum, { seconds }) => sum + seconds, 0),
    short,
  }
}

function usedOf(
  steps: readonly PastStep[],
  figureOf: ResourceTerms['figureOf'],
): Pick<PreviewedResource, 'used_mean' | 'used_peak'> {
  let [sum, knownMs, peak] = [0, 0, 0]
  for (const step of steps) {
    const figure = figureOf(step)
    if (figure === undefined) continue
    sum += figure.mean * step.stepMs
    knownMs += step.stepMs
    peak = Math.max(peak, figure.peak)
  }
  return knownMs === 0 ? { used_mean: null, used_peak: null } : { used_mean: sum / knownMs, used_peak: peak }
}

/** Null when it is never known of both. */
function freedHours(had: Float64Array, would: Column, weightsS: Float64Array): number | null {
  let sum: number | null = null
  had.forEach((amount, index) => {
    const freed = amount - (would?.[index] ?? Number.NaN)
    if (!Number.isNaN(freed)) sum = (sum ?? 0) + (freed * (weightsS[index] ?? 0)) / SECONDS_PER_HOUR
  })
  return sum
}

/** Spans of one coarseness, in which gaps do not count, the coarsest first. A step that a finer archive knows in part is shorter than those of its own. */
function knownSpans(steps: readonly PastStep[]): KnownSpan[] {
  const secondsOf = new Map<number, number>()
  for (const step of steps) {
    if (!isKnown(step)) continue
    const seconds = step.stepMs / MS_PER_SECOND
    const keptS = KEPT_STEPS_S.find(each => each >= seconds) ?? seconds
    secondsOf.set(keptS, (secondsOf.get(keptS) ?? 0) + seconds)
  }
  return [...secondsOf].map(([step_seconds, seconds]) => ({ step_seconds, seconds })).sort(byStep)
}

function byStep(one: KnownSpan, other: KnownSpan): number {
  return other.step_seconds - one.step_seconds
}
