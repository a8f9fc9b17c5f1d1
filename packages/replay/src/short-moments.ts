import { formatTime, MS_PER_MINUTE, MS_PER_SECOND, type PastStep, type ShortMoment } from '@lxc-autoscale/core'
import type { Column } from './columns.ts'

/** Rounding must not count as being short. */
const TOLERANCE = 1e-9
const SECONDS_PER_MINUTE = MS_PER_MINUTE / MS_PER_SECOND

/** What was used of a resource, and what would have been there, minute by minute. */
export interface UsedAndWould {
  /** When each minute ends, rising. */
  readonly timesS: Float64Array
  readonly used: Float64Array
  readonly would: Column
}

/** When more was used than there would have been; what lies in steps that adjoin is one moment. */
export function shortMoments(steps: readonly PastStep[], { timesS, used, would }: UsedAndWould): ShortMoment[] {
  const moments: OpenMoment[] = []
  let at = 0
  used.forEach((amount, minute) => {
    const given = would?.[minute] ?? Number.NaN
    if (!(amount > given + TOLERANCE)) return
    const timeMs = (timesS[minute] ?? 0) * MS_PER_SECOND
    while (at < steps.length - 1 && endMs(steps[at]) < timeMs) at++
    const step = steps[at]
    if (step === undefined) return
    const last = moments.at(-1)
    if (last === undefined || step.startMs > last.untilMs) moments.push(begun(step, amount, given))
    else goOn(last, step, { used: amount, would: given })
  })
  return moments.map(({ sinceMs, untilMs, ...figures }) => ({
    since: formatTime(sinceMs),
    until: formatTime(untilMs),
    ...figures,
  }))
}

function endMs(step: PastStep | undefined): number {
  return step === undefined ? Number.POSITIVE_INFINITY : step.startMs + step.stepMs
}

interface OpenMoment {
  sinceMs: number
  untilMs: number
  seconds: number
  used: number
  would: number
}

function begun({ startMs, stepMs }: PastStep, used: number, would: number): OpenMoment {
  return { sinceMs: startMs, untilMs: startMs + stepMs, seconds: SECONDS_PER_MINUTE, used, would }
}

function goOn(moment: OpenMoment, { startMs, stepMs }: PastStep, { used, would }: Pick<ShortMoment, 'used' | 'would'>) {
  moment.untilMs = startMs + stepMs
  moment.seconds += SECONDS_PER_MINUTE
  if (used <= moment.used) return
  moment.used = used
  moment.would = would
}
