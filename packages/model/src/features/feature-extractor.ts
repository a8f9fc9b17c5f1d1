import type { NewSample } from '@lxc-autoscale/host'
import { FEATURE_NAMES, FEATURES, type FeatureInputs } from './feature-definitions.ts'
import { RollingFigures } from './rolling.ts'
import { RollingTrend } from './trend.ts'

/** Writes a row. Put together so that each feature is made in its place: a loop over them takes some times as long. */
const fillRow = new Function(
  'features',
  `return (inputs, row) => { ${FEATURE_NAMES.map((name, column) => `row[${column}] = features.${name}(inputs)`).join('\n')} }`,
)(FEATURES) as (inputs: FeatureInputs, row: Float64Array) => void

/**
 * Turns the samples of one container, in order of time, into rows of features, in constant time per sample.
 *
 * Rolling figures go over the last `rollingWindow` samples, of which those known count; a trend is the least-squares slope, per sample, of
 * the rolling means in that window. Both begin anew after a gap. What is not known is NaN, also a ratio to zero, and a deviation or a trend of
 * a single value.
 */
export class FeatureExtractor {
  readonly #rolling: Omit<FeatureInputs, 'newest'>

  constructor(rollingWindow: number) {
    this.#rolling = {
      cpu: new RollingFigures(rollingWindow),
      cpuTrend: new RollingTrend(rollingWindow),
      memory: new RollingFigures(rollingWindow),
      memoryTrend: new RollingTrend(rollingWindow),
    }
  }

  /** Takes the next sample. */
  push(newest: NewSample): void {
    const { cpu, cpuTrend, memory, memoryTrend } = this.#rolling
    if (newest.isAfterGap) for (const each of [cpu, cpuTrend, memory, memoryTrend]) each.clear()
    cpu.push(newest.sample.cpuUsagePercent ?? Number.NaN)
    cpuTrend.push(cpu.mean)
    memory.push(newest.sample.memoryUsageMb ?? Number.NaN)
    memoryTrend.push(memory.mean)
  }

  /**
   * The row of the sample that was taken last: one value per feature, in their order.
   * @param row where to write it
   */
  row(newest: NewSample, row = new Float64Array(FEATURE_NAMES.length)): Float64Array {
    const { cpu, cpuTrend, memory, memoryTrend } = this.#rolling
    fillRow({ newest, cpu, cpuTrend, memory, memoryTrend }, row)
    return row
  }
}
