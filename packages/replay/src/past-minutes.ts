import { MS_PER_SECOND, type PastStep } from '@lxc-autoscale/core'
import { pastSamples } from '@lxc-autoscale/model'

/** What Proxmox has kept of a container, minute by minute; NaN where it is not known. */
export interface PastMinutes {
  /** When each minute ends, seconds since 1970. */
  readonly timesS: Float64Array
  readonly cores: Float64Array
  readonly memoryMb: Float64Array
  readonly coresGiven: Float64Array
  readonly memoryGivenMb: Float64Array
}

/** The minutes that steps stand for, as the model takes them; those of which no use is known are left out. */
export function pastMinutes(steps: readonly PastStep[]): PastMinutes {
  const minutes = new MinuteColumns()
  // Step by step: what a month is made of need not be in memory at once.
  for (const step of steps) if (isKnown(step)) minutes.add(step)
  return minutes.columns()
}

export function isKnown({ coresUsed, memoryUsedMb }: PastStep): boolean {
  return coresUsed !== undefined || memoryUsedMb !== undefined
}

class MinuteColumns {
  readonly #timesS: number[] = []
  readonly #cores: number[] = []
  readonly #memoryMb: number[] = []
  readonly #coresGiven: number[] = []
  readonly #memoryGivenMb: number[] = []

  add(step: PastStep): void {
    for (const sample of pastSamples([step], clockMs => ({ timestampMs: clockMs, localTimeMs: clockMs }))) {
      this.#timesS.push(sample.timestampMs / MS_PER_SECOND)
      this.#cores.push(sample.cpuCoresUsed ?? Number.NaN)
      this.#memoryMb.push(sample.memoryUsageMb ?? Number.NaN)
      this.#coresGiven.push(sample.cpuCores ?? Number.NaN)
      this.#memoryGivenMb.push(sample.memoryLimitMb ?? Number.NaN)
    }
  }

  columns(): PastMinutes {
    return {
      timesS: Float64Array.from(this.#timesS),
      cores: Float64Array.from(this.#cores),
      memoryMb: Float64Array.from(this.#memoryMb),
      coresGiven: Float64Array.from(this.#coresGiven),
      memoryGivenMb: Float64Array.from(this.#memoryGivenMb),
    }
  }
}
