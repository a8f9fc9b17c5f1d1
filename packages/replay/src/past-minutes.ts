import { MS_PER_MINUTE, MS_PER_SECOND, type PastFigure, type PastStep } from '@lxc-autoscale/core'

/** What Proxmox has kept of a container, minute by minute; NaN where it is not known. */
export interface PastMinutes {
  /** When each minute ends, seconds since 1970. */
  readonly timesS: Float64Array
  readonly cores: Float64Array
  readonly memoryMb: Float64Array
  readonly coresGiven: Float64Array
  readonly memoryGivenMb: Float64Array
  /** The place of the step that each minute is of. */
  readonly stepOf: Uint32Array
}

/**
 * The minutes that steps stand for. A coarse step tells its mean and its highest minute, not when that was: CPU has one such
 * minute, in the middle, and what is left of the mean before and after; memory stays as high as it ever was in the step.
 */
export function pastMinutes(steps: readonly PastStep[]): PastMinutes {
  const known = steps.map(step => (isKnown(step) ? minutesOf(step) : 0))
  const length = known.reduce((sum, minutes) => sum + minutes, 0)
  const column = () => new Float64Array(length).fill(Number.NaN)
  const past = { timesS: column(), cores: column(), memoryMb: column(), coresGiven: column(), memoryGivenMb: column() }
  const stepOf = new Uint32Array(length)
  let from = 0
  steps.forEach((step, at) => {
    const to = from + (known[at] ?? 0)
    for (let minute = from; minute < to; minute++) {
      past.timesS[minute] = (step.startMs + (minute - from + 1) * MS_PER_MINUTE) / MS_PER_SECOND
    }
    stepOf.fill(at, from, to)
    past.memoryMb.fill(step.memoryUsedMb?.peak ?? Number.NaN, from, to)
    past.coresGiven.fill(step.cores ?? Number.NaN, from, to)
    past.memoryGivenMb.fill(step.memoryLimitMb ?? Number.NaN, from, to)
    if (step.coresUsed !== undefined) fillCores(past.cores.subarray(from, to), step.coresUsed)
    from = to
  })
  return { ...past, stepOf }
}

function isKnown({ coresUsed, memoryUsedMb }: PastStep): boolean {
  return coresUsed !== undefined || memoryUsedMb !== undefined
}

function minutesOf({ stepMs }: PastStep): number {
  return Math.max(1, Math.round(stepMs / MS_PER_MINUTE))
}

function fillCores(minutes: Float64Array, { mean, peak }: PastFigure): void {
  const { length } = minutes
  minutes.fill(length === 1 ? mean : Math.max(0, (mean * length - peak) / (length - 1)))
  if (length > 1) minutes[length >> 1] = peak
}
