import { type FeatureName, featureColumn } from '../features/feature-definitions.ts'

const PERCENT = 100
/** Steps of a figure per factor of e: each is about 5% more than the one before. */
const STEPS = 20

interface ModelColumn {
  readonly name: FeatureName
  /** Where the scale goes over from even steps (a twentieth of this) to steps of 5%. */
  readonly amount: number
  /** In the matrix in percent of the allowed cores, which our own changes move: a forest sees it in cores. */
  readonly isInPercentOfCores: boolean
}

function cpuColumn(name: FeatureName, amount: number): ModelColumn {
  return { name, amount, isInPercentOfCores: true }
}

function column(name: FeatureName, amount: number): ModelColumn {
  return { name, amount, isInPercentOfCores: false }
}

/**
 * What a forest judges. Left out of the features: limits and totals (our own changes move them), the free space (the used one says it), and the
 * time between samples. Figures are seen in steps: smaller differences do not matter for the size of a container, so they are no anomaly
 * either, and an idle container comes out constant; and a burst of traffic does not stretch the scale until nothing else shows. Those in
 * percent of cores come first.
 */
const COLUMNS: readonly ModelColumn[] = [
  cpuColumn('cpu_usage_percent', 0.5),
  cpuColumn('rolling_mean_cpu', 0.5),
  cpuColumn('rolling_std_cpu', 0.5),
  cpuColumn('cpu_trend', 0.5),
  cpuColumn('min_cpu', 0.5),
  cpuColumn('max_cpu', 0.5),
  cpuColumn('cpu_per_process', 0.1),
  cpuColumn('cpu_memory_ratio', 0.005),
  column('memory_usage_mb', 128),
  column('rolling_mean_memory', 128),
  column('rolling_std_memory', 128),
  column('memory_trend', 128),
  column('min_memory', 128),
  column('max_memory', 128),
  column('memory_per_process', 16),
  column('swap_usage_mb', 128),
  column('filesystem_usage_gb', 2),
  column('network_rx_bytes', 500_000),
  column('network_tx_bytes', 500_000),
  column('io_reads', 100),
  column('io_writes', 100),
  column('process_count', 20),
]

const SOURCES = Uint8Array.from(COLUMNS, ({ name }) => featureColumn(name))
const AMOUNTS = Float64Array.from(COLUMNS, ({ amount }) => amount)
const CPU_COLUMNS = COLUMNS.filter(({ isInPercentOfCores }) => isInPercentOfCores).length

/** Names of the columns of a model row. */
export const MODEL_FEATURES: readonly FeatureName[] = COLUMNS.map(({ name }) => name)
export const MODEL_COLUMNS = COLUMNS.length

/**
 * What a forest judges of a row of features: one value per MODEL_FEATURES, in steps, NaN = not known.
 * @param cores what the container was allowed when the sample was taken; undefined when the file does not say it (the predecessor's): one core
 * @param row where to write it
 */
export function modelRow(features: Float64Array, cores = 1, row = new Float64Array(MODEL_COLUMNS)): Float64Array {
  const coresPerPercent = cores / PERCENT
  for (let i = 0; i < MODEL_COLUMNS; i++) {
    const value = features[SOURCES[i] ?? 0] ?? Number.NaN
    row[i] = toSteps(i < CPU_COLUMNS ? value * coresPerPercent : value, AMOUNTS[i] ?? 1)
  }
  return row
}

/** Even steps near zero, relative ones far from it, the same below zero as above. */
function toSteps(value: number, amount: number): number {
  if (value === 0) return 0
  const steps = Math.round(STEPS * Math.log(1 + Math.abs(value) / amount))
  return value < 0 ? -steps : steps
}
