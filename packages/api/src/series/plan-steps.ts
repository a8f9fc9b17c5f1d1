import { MS_PER_SECOND, type SeriesBody } from '@lxc-autoscale/core'
import { MINUTES, TEN_MINUTES, type Tier } from './ring-file.ts'

type Source = SeriesBody['source']

/** What is asked of the history of a container. */
export interface AskedSpan {
  readonly sinceMs: number
  readonly untilMs: number
  /** Most steps that are given. */
  readonly steps: number
}

/** What there is to answer it with. */
export interface KeptSpans {
  readonly nowMs: number
  /** Usual time between two samples; undefined when not known. */
  readonly intervalMs: number | undefined
  /** The oldest sample in memory; undefined when there is none. */
  readonly samplesSinceMs: number | undefined
}

/** Steps of equal length, the first of which begins at `startMs`. */
export interface StepPlan {
  readonly source: Source
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

/**
 * The finest source that reaches back to what is asked, and steps that are a multiple of what it keeps. A step is as long as
 * two samples at least: of a shorter one it would be chance whether it holds one.
 */
export function planSteps({ sinceMs, untilMs, steps }: AskedSpan, kept: KeptSpans): StepPlan {
  const sampleMs = Math.round((kept.intervalMs ?? 0) / MS_PER_SECOND) * MS_PER_SECOND
  const { source, keptMs, reachMs } = finest(sinceMs, kept, sampleMs)
  // What ended before all that is kept is a step of which nothing is known, not one of another time.
  const fromMs = Math.max(sinceMs, Math.min(reachMs, untilMs))
  const leastMs = Math.max(2 * sampleMs, (untilMs - fromMs) / steps, keptMs)
  for (let stepMs = keptMs * Math.ceil(leastMs / keptMs); ; stepMs += keptMs) {
    const startMs = Math.floor(fromMs / stepMs) * stepMs
    const count = Math.max(1, Math.ceil((untilMs - startMs) / stepMs))
    if (count <= steps) return { source, startMs, stepMs, count }
  }
}

function finest(sinceMs: number, { nowMs, samplesSinceMs }: KeptSpans, sampleMs: number) {
  const isFine = sampleMs > 0 && 2 * sampleMs < MINUTES.stepMs
  if (isFine && samplesSinceMs !== undefined && sinceMs >= samplesSinceMs) {
    return { source: 'samples', keptMs: sampleMs, reachMs: samplesSinceMs } as const
  }
  const reachOf = (tier: Tier) => nowMs - tier.slots * tier.stepMs
  if (sinceMs >= reachOf(MINUTES)) {
    return { source: 'minutes', keptMs: MINUTES.stepMs, reachMs: reachOf(MINUTES) } as const
  }
  return { source: 'ten_minutes', keptMs: TEN_MINUTES.stepMs, reachMs: reachOf(TEN_MINUTES) } as const
}
