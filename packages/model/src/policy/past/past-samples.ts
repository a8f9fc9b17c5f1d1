import { MS_PER_MINUTE, type PastFigure, type PastStep } from '@lxc-autoscale/core'
import type { LocalSample } from '../decision.ts'

/** The times of a moment that Proxmox tells by the clock of the host. */
export type TimesOf = (clockMs: number) => Pick<LocalSample, 'timestampMs' | 'localTimeMs'>

/**
 * Samples that stand for what Proxmox has kept, one a minute, oldest first. Of a longer step the last minute is its peak, since
 * nothing may be forgotten sooner than it was; the others have what keeps its mean. No kill, throttling or swap is told of the past.
 */
export function pastSamples(steps: readonly PastStep[], timesOf: TimesOf): LocalSample[] {
  return steps.flatMap(step =>
    Array.from({ length: minutesOf(step) }, (_, minute) => minuteOf(step, minute + 1, timesOf)),
  )
}

/** How many minutes a step stands for, at least one. */
function minutesOf({ stepMs }: PastStep): number {
  return Math.max(1, Math.round(stepMs / MS_PER_MINUTE))
}

/** The least that the other minutes of so many can have had in the mean, when one of them was the peak. */
function restOf({ mean, peak }: PastFigure, minutes: number): number {
  return minutes === 1 ? peak : Math.max(0, (mean * minutes - peak) / (minutes - 1))
}

function minuteOf(step: PastStep, minute: number, timesOf: TimesOf): LocalSample {
  const minutes = minutesOf(step)
  const at = (figure: PastFigure | undefined) => {
    if (figure === undefined) return undefined
    return minute === minutes ? figure.peak : restOf(figure, minutes)
  }
  const { startMs, cores, memoryLimitMb, cpuWaitingPercent } = step
  const { timestampMs, localTimeMs } = timesOf(startMs + minute * MS_PER_MINUTE)
  return {
    timestampMs,
    localTimeMs,
    cpuCoresUsed: at(step.coresUsed),
    cpuCores: cores,
    cpuThrottledPercent: undefined,
    memoryUsageMb: at(step.memoryUsedMb),
    memoryLimitMb,
    memoryFloorMb: undefined,
    swapUsageMb: undefined,
    pressure: {
      cpuSomePercent: cpuWaitingPercent,
      memorySomePercent: undefined,
      memoryFullPercent: undefined,
      ioSomePercent: undefined,
      ioFullPercent: undefined,
    },
    memoryEvents: undefined,
  }
}
