import { formatTime, MS_PER_MINUTE, MS_PER_SECOND, type PastStep, type ShortMoment } from '@lxc-autoscale/core'
import type { Column } from './columns.ts'
import type { PastMinutes } from './past-minutes.ts'

/** Rounding must not count as being short. */
const TOLERANCE = 1e-9
const SECONDS_PER_MINUTE = MS_PER_MINUTE / MS_PER_SECOND

/** What was wanted of a resource, and what would have been there, minute by minute. */
export interface WantedAndGiven {
  readonly used: Column
  readonly would: Column
}

/** When more was wanted than there would have been; what lies in steps that adjoin is one moment. */
export function shortMoments(
  steps: readonly PastStep[],
  { stepOf }: Pick<PastMinutes, 'stepOf'>,
  { used, would }: WantedAndGiven,
): ShortMoment[] {
  const open: OpenMoment[] = []
  used?.forEach((wanted, minute) => {
    const given = would?.[minute] ?? Number.NaN
    if (!(wanted > given + TOLERANCE)) return
    const step = steps[stepOf[minute] ?? 0]
    if (step === undefined) return
    const last = open.at(-1)
    if (last === undefined || step.startMs > last.untilMs) open.push(begun(step, wanted, given))
    else goOn(last, step, { used: wanted, would: given })
  })
  return open.map(({ sinceMs, untilMs, ...figures }) => ({
    since: formatTime(sinceMs),
    until: formatTime(untilMs),
    ...figures,
  }))
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
