import { MS_PER_SECOND, type PastStep } from '@lxc-autoscale/core'
import { type LocalSample, pastSamples } from '@lxc-autoscale/model'

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
  const samples = pastSamples(steps, clockMs => ({ timestampMs: clockMs, localTimeMs: clockMs })).filter(isKnown)
  const column = (figure: (sample: LocalSample) => number | undefined) =>
    Float64Array.from(samples, sample => figure(sample) ?? Number.NaN)
  return {
    timesS: column(({ timestampMs }) => timestampMs / MS_PER_SECOND),
    cores: column(({ cpuCoresUsed }) => cpuCoresUsed),
    memoryMb: column(({ memoryUsageMb }) => memoryUsageMb),
    coresGiven: column(({ cpuCores }) => cpuCores),
    memoryGivenMb: column(({ memoryLimitMb }) => memoryLimitMb),
  }
}

function isKnown({ cpuCoresUsed, memoryUsageMb }: LocalSample): boolean {
  return cpuCoresUsed !== undefined || memoryUsageMb !== undefined
}
