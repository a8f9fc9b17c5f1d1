import type { Reading } from '../history/reading.ts'
import type { FeatureName } from './feature-names.ts'
import type { RollingFigures } from './rolling.ts'
import type { RollingTrend } from './trend.ts'

const MS_PER_SECOND = 1_000

/** What a feature is made from: the newest reading, and the figures of the window that ends with it. */
export interface FeatureInputs {
  readonly reading: Reading
  readonly cpu: RollingFigures
  readonly cpuTrend: RollingTrend
  readonly memory: RollingFigures
  readonly memoryTrend: RollingTrend
}

/** How each feature is made. NaN is not known. */
export const FEATURE_DEFINITIONS: Readonly<Record<FeatureName, (inputs: FeatureInputs) => number>> = {
  cpu_usage_percent: ({ reading }) => known(reading.sample.cpuUsagePercent),
  rolling_mean_cpu: ({ cpu }) => cpu.mean,
  rolling_std_cpu: ({ cpu }) => cpu.std,
  cpu_trend: ({ cpuTrend }) => cpuTrend.slope,
  min_cpu: ({ cpu }) => cpu.min,
  max_cpu: ({ cpu }) => cpu.max,
  cpu_per_process: ({ reading }) => ratio(reading.sample.cpuUsagePercent, reading.sample.processCount),
  memory_usage_mb: ({ reading }) => known(reading.sample.memoryUsageMb),
  rolling_mean_memory: ({ memory }) => memory.mean,
  rolling_std_memory: ({ memory }) => memory.std,
  memory_trend: ({ memoryTrend }) => memoryTrend.slope,
  min_memory: ({ memory }) => memory.min,
  max_memory: ({ memory }) => memory.max,
  memory_per_process: ({ reading }) => ratio(reading.sample.memoryUsageMb, reading.sample.processCount),
  swap_usage_mb: ({ reading }) => known(reading.sample.swapUsageMb),
  swap_total_mb: ({ reading }) => known(reading.sample.swapTotalMb),
  cpu_memory_ratio: ({ reading }) => ratio(reading.sample.cpuUsagePercent, reading.sample.memoryUsageMb),
  filesystem_usage_gb: ({ reading }) => known(reading.sample.filesystemUsageGb),
  filesystem_free_gb: ({ reading }) => known(reading.sample.filesystemFreeGb),
  filesystem_total_gb: ({ reading }) => known(reading.sample.filesystemTotalGb),
  network_rx_bytes: ({ reading }) => known(reading.rates.rxBytes),
  network_tx_bytes: ({ reading }) => known(reading.rates.txBytes),
  io_reads: ({ reading }) => known(reading.rates.reads),
  io_writes: ({ reading }) => known(reading.rates.writes),
  process_count: ({ reading }) => known(reading.sample.processCount),
  time_diff: ({ reading }) => known(reading.elapsedMs) / MS_PER_SECOND,
}

function known(value: number | undefined): number {
  return value ?? Number.NaN
}

/** Not known when either is not, or when there is (next to) nothing to divide by. */
function ratio(part: number | undefined, whole: number | undefined): number {
  const quotient = known(part) / known(whole)
  return Number.isFinite(quotient) ? quotient : Number.NaN
}
