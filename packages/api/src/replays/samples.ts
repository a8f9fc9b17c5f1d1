import { MS_PER_SECOND, type SeriesBody, type WhatIfSamples } from '@lxc-autoscale/core'

/** Columns of the history of a container. */
type Columns = Pick<
  SeriesBody,
  'since' | 'step_seconds' | 'cores_used' | 'cores_given' | 'throttled_percent' | 'memory_used_mb' | 'memory_given_mb'
>

/**
 * What is replayed of a history: the mean of the cores, as a policy sees them too, and the most memory, since a moment without it
 * kills. Steps of which nothing is known are left out.
 */
export function replaySamples(series: Columns): WhatIfSamples {
  const { cores_used: cores, memory_used_mb: memory, step_seconds: stepS } = series
  const sinceS = Date.parse(series.since) / MS_PER_SECOND
  const known = [...cores.mean.keys()].filter(step => cores.mean[step] !== null || memory.max[step] !== null)
  const column = (values: readonly (number | null)[]) => known.map(step => values[step] ?? null)
  return {
    timesS: known.map(step => sinceS + (step + 1) * stepS),
    coresUsed: column(cores.mean),
    coresGiven: column(series.cores_given),
    throttledPercent: column(series.throttled_percent),
    memoryUsedMb: column(memory.max),
    memoryGivenMb: column(series.memory_given_mb),
  }
}
