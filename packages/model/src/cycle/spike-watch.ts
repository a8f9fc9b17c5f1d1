import type { ContainerSample } from '@lxc-autoscale/core'

export interface SpikeSettings {
  /** Standard deviations from the mean of the samples before it that make a sample a spike. */
  readonly deviations: number
  /** Samples that are compared with. */
  readonly window: number
}

/** Deviations smaller than this are noise whatever the setting says: 2 points of CPU, 2 % of the memory in use. */
const LEAST_CPU_PERCENT = 2
const LEAST_MEMORY_SHARE = 0.02
const LEAST_SAMPLES = 3

/**
 * Compares the newest sample of one container with those before it: the judgement of a container for which there is no
 * isolation forest yet.
 */
export class SpikeWatch {
  readonly #mostDeviations: number
  readonly #cpuPercent: RecentValues
  readonly #memoryMb: RecentValues

  constructor({ deviations, window }: SpikeSettings) {
    this.#mostDeviations = deviations
    this.#cpuPercent = new RecentValues(window)
    this.#memoryMb = new RecentValues(window)
  }

  observe({ cpuUsagePercent, memoryUsageMb }: ContainerSample): void {
    this.#cpuPercent.add(cpuUsagePercent)
    this.#memoryMb.add(memoryUsageMb)
  }

  /** What makes the newest sample a spike, in words; empty when it is none. */
  text(): string {
    const memoryMb = this.#memoryMb.newest ?? 0
    const words = [
      this.#judge('CPU', '%', this.#cpuPercent, LEAST_CPU_PERCENT),
      this.#judge('memory', ' MB', this.#memoryMb, memoryMb * LEAST_MEMORY_SHARE),
    ]
    return words.filter(word => word !== '').join(' and ')
  }

  #judge(name: string, unit: string, values: RecentValues, least: number): string {
    const { newest, before } = values
    if (newest === undefined || before.length < LEAST_SAMPLES) return ''
    const mean = before.reduce((sum, value) => sum + value, 0) / before.length
    const variance = before.reduce((sum, value) => sum + (value - mean) ** 2, 0) / before.length
    const deviations = (newest - mean) / Math.max(Math.sqrt(variance), least)
    if (deviations <= this.#mostDeviations) return ''
    return `${name} ${newest.toFixed(0)}${unit} is ${deviations.toFixed(1)} standard deviations above its last ${before.length} samples`
  }
}

/** The newest value, undefined when it is not known, and the known ones before it. */
class RecentValues {
  readonly #values: Float64Array
  #added = 0
  #newest: number | undefined

  constructor(window: number) {
    this.#values = new Float64Array(window)
  }

  get newest(): number | undefined {
    return this.#newest
  }

  get before(): Float64Array {
    return this.#values.subarray(0, Math.min(this.#added, this.#values.length))
  }

  add(value: number | undefined): void {
    if (this.#newest !== undefined) this.#values[this.#added++ % this.#values.length] = this.#newest
    this.#newest = value
  }
}
