/**
 * The features of one sample of one container, in the order of the columns of every matrix.
 * Percent are of the cores the container was allowed; counters enter as rates per second; `time_diff` is seconds.
 */
export const FEATURE_NAMES = [
  'cpu_usage_percent',
  'rolling_mean_cpu',
  'rolling_std_cpu',
  'cpu_trend',
  'min_cpu',
  'max_cpu',
  'cpu_per_process',
  'memory_usage_mb',
  'rolling_mean_memory',
  'rolling_std_memory',
  'memory_trend',
  'min_memory',
  'max_memory',
  'memory_per_process',
  'swap_usage_mb',
  'swap_total_mb',
  'cpu_memory_ratio',
  'filesystem_usage_gb',
  'filesystem_free_gb',
  'filesystem_total_gb',
  'network_rx_bytes',
  'network_tx_bytes',
  'io_reads',
  'io_writes',
  'process_count',
  'time_diff',
] as const

export type FeatureName = (typeof FEATURE_NAMES)[number]

export const FEATURE_COUNT = FEATURE_NAMES.length

/** The column of `name` in every matrix. */
export function featureColumn(name: FeatureName): number {
  return FEATURE_NAMES.indexOf(name)
}
