import type { ContainerSample } from '@lxc-autoscale/core'

export interface SpikeSettings {
  /** Standard deviations from the mean of the samples before it that make a sample a spike. */
  readonly threshold: number
  /** Samples that are compared with. */
  readonly window: number
}

/** Deviations smaller than this are noise whatever the threshold says: 2 points of CPU, 2 % of the memory in use. */
const LEAST_CPU_PERCENT = 2
const LEAST_MEMORY_SHARE = 0.02
const LEAST_SAMPLES = 3

/**
 * Compares each sample of one container with the samples before it: the judgement of a container for which there is no
 * isolation forest yet. A sample is judged first and learned then.
 */
export class SpikeWatch {
  readonly #settings: SpikeSettings
  #cpu: number[] = []
  #memory: number[] = []
  #text = ''

  constructor(settings: SpikeSettings) {
    this.#settings = settings
  }

  /** What makes the newest sample a spike, in words; empty when it is none. */
  get text(): string {
    return this.#text
  }

  observe({ cpuUsagePercent, memoryUsageMb }: ContainerSample): void {
    const words = [
      this.#judge('CPU', '%', cpuUsagePercent, this.#cpu, LEAST_CPU_PERCENT),
      this.#judge('memory', ' MB', memoryUsageMb, this.#memory, (memoryUsageMb ?? 0) * LEAST_MEMORY_SHARE),
    ]
    this.#text = words.filter(word => word !== '').join(' and ')
    this.#cpu = this.#learn(this.#cpu, cpuUsagePercent)
    this.#memory = this.#learn(this.#memory, memoryUsageMb)
  }

  #judge(name: string, unit: string, value: number | undefined, before: readonly number[], least: number): string {
    if (value === undefined || before.length < LEAST_SAMPLES) return ''
    const mean = before.reduce((sum, other) => sum + other, 0) / before.length
    const variance = before.reduce((sum, other) => sum + (other - mean) ** 2, 0) / before.length
    const deviations = (value - mean) / Math.max(Math.sqrt(variance), least)
    if (deviations <= this.#settings.threshold) return ''
    return `${name} ${value.toFixed(0)}${unit} is ${deviations.toFixed(1)} standard deviations above its last ${before.length} samples`
  }

  #learn(values: readonly number[], value: number | undefined): number[] {
    return value === undefined ? [...values] : [...values, value].slice(-this.#settings.window)
  }
}
