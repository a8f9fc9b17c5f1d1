import type { NewSample } from '../history/new-sample.ts'
import { FEATURE_DEFINITIONS, type FeatureInputs } from './feature-definitions.ts'
import { FEATURE_COUNT, FEATURE_NAMES } from './feature-names.ts'
import { RollingFigures } from './rolling.ts'
import { RollingTrend } from './trend.ts'

const definitions = FEATURE_NAMES.map(name => FEATURE_DEFINITIONS[name])

/**
 * Turns the samples of one container, in order of time, into rows of features, in constant time per sample.
 *
 * Rolling figures go over the last `rollingWindow` samples, of which those known count; a trend is the least-squares slope, per sample, of
 * the rolling means in that window. Both begin anew after a gap. What is not known is NaN, also a ratio to zero, and a deviation or a trend of
 * a single value.
 */
export class FeatureExtractor {
  readonly #cpu: RollingFigures
  readonly #cpuTrend: RollingTrend
  readonly #memory: RollingFigures
  readonly #memoryTrend: RollingTrend
  #newest: NewSample | undefined

  constructor(rollingWindow: number) {
    this.#cpu = new RollingFigures(rollingWindow)
    this.#cpuTrend = new RollingTrend(rollingWindow)
    this.#memory = new RollingFigures(rollingWindow)
    this.#memoryTrend = new RollingTrend(rollingWindow)
  }

  /** Takes the next sample. */
  push(newest: NewSample): void {
    if (newest.isAfterGap) this.#clear()
    this.#newest = newest
    this.#cpu.push(newest.sample.cpuUsagePercent ?? Number.NaN)
    this.#cpuTrend.push(this.#cpu.mean)
    this.#memory.push(newest.sample.memoryUsageMb ?? Number.NaN)
    this.#memoryTrend.push(this.#memory.mean)
  }

  /** The row of the newest sample: FEATURE_COUNT values in the order of FEATURE_NAMES. Undefined before the first. */
  row(): Float64Array | undefined {
    if (this.#newest === undefined) return undefined
    const inputs: FeatureInputs = {
      newest: this.#newest,
      cpu: this.#cpu,
      cpuTrend: this.#cpuTrend,
      memory: this.#memory,
      memoryTrend: this.#memoryTrend,
    }
    const row = new Float64Array(FEATURE_COUNT)
    for (let column = 0; column < FEATURE_COUNT; column++) row[column] = definitions[column]?.(inputs) ?? Number.NaN
    return row
  }

  #clear(): void {
    this.#cpu.clear()
    this.#cpuTrend.clear()
    this.#memory.clear()
    this.#memoryTrend.clear()
  }
}
