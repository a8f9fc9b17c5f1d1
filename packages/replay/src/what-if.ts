import { formatTime, MS_PER_SECOND, type WhatIfJob, type WhatIfResult, type WhatIfSamples } from '@lxc-autoscale/core'
import { containerSettings, MODEL_CONFIG_RULES } from '@lxc-autoscale/model'
import { bill } from './bill.ts'
import type { ReplayRun } from './closed-loop.ts'
import { type Column, inSteps, mean, most, newest, type Summary, weightedMean } from './columns.ts'
import { REPLAY_INTERVAL_S, replayContainer } from './replay-container.ts'
import { medianStepS, sampleWeightsS, type Trace } from './trace.ts'

/** Steps of an answer at most: about as many as a screen shows apart. */
const MOST_STEPS = 600

/** What the model would have done with a container under other settings. `onProgress` is told the share that is done. */
export function whatIf(job: WhatIfJob, onProgress: (share: number) => void): WhatIfResult {
  const { vmid, samples, memoryMargin, swapMb } = job
  const trace = traceOf(job)
  const { scaling, settings } = settingsOf(job)
  const would = replayContainer(trace, {
    vmid,
    settings,
    intervalS: REPLAY_INTERVAL_S,
    memoryMargin,
    swapMb,
    onProgress,
  })
  const had = { cores: known(samples.coresGiven), memoryMb: known(samples.memoryGivenMb) }
  const stepS = medianStepS(trace) * Math.ceil(trace.timesS.length / MOST_STEPS)
  const steps = (column: Column, summary: Summary) => inSteps(trace.timesS, column, { stepS, summary })
  const meanOf = weightedMean(sampleWeightsS(trace))
  const sizes = ({ cores, memoryMb }: Given) => ({ cores: meanOf(cores), memory_mb: meanOf(memoryMb) })
  const throttled = known(samples.throttledPercent)
  const billed = bill(trace, would, swapMb)
  return {
    since: formatTime((trace.timesS[0] ?? 0) * MS_PER_SECOND),
    step_seconds: stepS,
    cores_used: steps(trace.cpuCores, mean),
    cores_given: steps(had.cores, newest),
    cores_would: steps(would.cores, newest),
    memory_used_mb: steps(trace.memoryMb, most),
    memory_given_mb: steps(had.memoryMb, newest),
    memory_would_mb: steps(would.memoryMb, newest),
    settings: otherThanBuiltIn(scaling),
    had: { ...sizes(had), short_percent: meanOf(throttled) ?? 0, changes: countChanges(had) },
    would: {
      ...sizes(would),
      short_percent: meanOf(shortPercent(trace, would)) ?? 0,
      kills: billed.memory?.kills ?? 0,
      changes: billed.changes,
    },
  }
}

type Given = Pick<ReplayRun, 'cores' | 'memoryMb'>

function traceOf({ vmid, samples, utcOffsetMs }: WhatIfJob): Trace {
  return {
    name: String(vmid),
    timesS: Float64Array.from(samples.timesS),
    cpuCores: known(samples.coresUsed),
    memoryMb: known(samples.memoryUsedMb),
    initialCores: samples.coresGiven.find(cores => cores !== null) ?? undefined,
    initialMemoryMb: samples.memoryGivenMb.find(memoryMb => memoryMb !== null) ?? undefined,
    utcOffsetMs,
  }
}

function settingsOf({ vmid, settings: asked, host }: WhatIfJob) {
  const { scaling } = MODEL_CONFIG_RULES.schema.parse({ scaling: asked })
  const nobodyElse = { name: undefined, tags: [], tiers: {}, schedules: {}, ignoreLxc: [] }
  return { scaling, settings: containerSettings({ vmid, scaling, host, ...nobodyElse }) }
}

/** Keys of `scaling` that are not as built in. */
export function otherThanBuiltIn(scaling: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const builtIn: Readonly<Record<string, unknown>> = MODEL_CONFIG_RULES.schema.parse({}).scaling
  return Object.fromEntries(Object.entries(scaling).filter(([key, value]) => value !== builtIn[key]))
}

/** NaN where nothing is known; undefined when nothing ever is. */
function known(column: WhatIfSamples['coresUsed']): Column {
  return column.some(value => value !== null) ? Float64Array.from(column, value => value ?? Number.NaN) : undefined
}

/** 100 where it wanted more of either than it would have had, 0 where not. */
function shortPercent({ timesS, cpuCores, memoryMb }: Trace, would: Given): Float64Array {
  const isShort = (wanted: Column, given: Column, index: number) =>
    (wanted?.[index] ?? Number.NaN) > (given?.[index] ?? Number.NaN)
  return timesS.map(
    (_, index) => 100 * Number(isShort(cpuCores, would.cores, index) || isShort(memoryMb, would.memoryMb, index)),
  )
}

/** Moments from which on it had another size. */
function countChanges({ cores, memoryMb }: Given): number {
  const moments = new Set<number>()
  for (const column of [cores, memoryMb]) {
    let before = Number.NaN
    column?.forEach((value, index) => {
      if (Number.isNaN(value)) return
      if (!Number.isNaN(before) && value !== before) moments.add(index)
      before = value
    })
  }
  return moments.size
}
