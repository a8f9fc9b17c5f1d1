import { MS_PER_SECOND } from '@lxc-autoscale/core'
import type { NewSample } from '@lxc-autoscale/host'
import type { RollingFigures } from './rolling.ts'
import type { RollingTrend } from './trend.ts'

/** What a feature is made from: the newest sample, and the figures of the window that ends with it. */
export interface FeatureInputs {
  readonly newest: NewSample
  readonly cpu: RollingFigures
  readonly cpuTrend: RollingTrend
  readonly memory: RollingFigures
  readonly memoryTrend: RollingTrend
}

/**
 * The features of one sample of one container and how each is made, in the order of the columns of every matrix. Percent
 * are of the cores the container was allowed; counters enter as rates per second; `time_diff` is seconds. NaN is not known.
 */
export const FEATURES = {
  cpu_usage_percent: ({ newest }) => known(newest.sample.cpuUsagePercent),
  rolling_mean_cpu: ({ cpu }) => cpu.mean,
  rolling_std_cpu: ({ cpu }) => cpu.std,
  cpu_trend: ({ cpuTrend }) => cpuTrend.slope,
  min_cpu: ({ cpu }) => cpu.min,
  max_cpu: ({ cpu }) => cpu.max,
  cpu_per_process: ({ newest }) => ratio(newest.sample.cpuUsagePercent, newest.sample.processCount),
  memory_usage_mb: ({ newest }) => known(newest.sample.memoryUsageMb),
  rolling_mean_memory: ({ memory }) => memory.mean,
  rolling_std_memory: ({ memory }) => memory.std,
  memory_trend: ({ memoryTrend }) => memoryTrend.slope,
  min_memory: ({ memory }) => memory.min,
  max_memory: ({ memory }) => memory.max,
  memory_per_process: ({ newest }) => ratio(newest.sample.memoryUsageMb, newest.sample.processCount),
  swap_usage_mb: ({ newest }) => known(newest.sample.swapUsageMb),
  swap_total_mb: ({ newest }) => known(newest.sample.swapTotalMb),
  cpu_memory_ratio: ({ newest }) => ratio(newest.sample.cpuUsagePercent, newest.sample.memoryUsageMb),
  filesystem_usage_gb: ({ newest }) => known(newest.sample.filesystemUsageGb),
  filesystem_free_gb: ({ newest }) => known(newest.sample.filesystemFreeGb),
  filesystem_total_gb: ({ newest }) => known(newest.sample.filesystemTotalGb),
  network_rx_bytes: ({ newest }) => known(newest.rates.rxBytes),
  network_tx_bytes: ({ newest }) => known(newest.rates.txBytes),
  io_reads: ({ newest }) => known(newest.rates.reads),
  io_writes: ({ newest }) => known(newest.rates.writes),
  process_count: ({ newest }) => known(newest.sample.processCount),
  time_diff: ({ newest }) => known(newest.elapsedMs) / MS_PER_SECOND,
} satisfies Readonly<Record<string, (inputs: FeatureInputs) => number>>

export type FeatureName = keyof typeof FEATURES
export const FEATURE_NAMES: readonly string[] = Object.keys(FEATURES)

/** The column of `name` in every matrix. */
export function featureColumn(name: FeatureName): number {
  return FEATURE_NAMES.indexOf(name)
}

function known(value: number | undefined): number {
  return value ?? Number.NaN
}

/** Not known when either is not, or when there is (next to) nothing to divide by. */
function ratio(part: number | undefined, whole: number | undefined): number {
  const quotient = known(part) / known(whole)
  return Number.isFinite(quotient) ? quotient : Number.NaN
}
