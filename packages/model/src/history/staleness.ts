import { MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'

const INTERVALS_TO_STALE = 3
/** Before the usual interval is known, data older than this are stale. */
const DEFAULT_MAX_AGE_MS = 3 * MS_PER_MINUTE
/** Clocks are read at different moments; more than this ahead is a wrong clock. */
const AHEAD_TOLERANCE_MS = MS_PER_MINUTE

export interface Freshness {
  /** Nothing may be decided on these data. */
  readonly isStale: boolean
  /** Age of the newest sample; undefined when there is none. */
  readonly ageMs: number | undefined
  /** Data older than this are stale. */
  readonly maxAgeMs: number
  /** Why the data are stale, as one sentence for the log; empty when they are not. */
  readonly text: string
}

export interface FreshnessInput {
  readonly newestMs: number | undefined
  readonly nowMs: number
  /** The setting `max_metrics_age_seconds`; undefined = three usual intervals. */
  readonly maxAgeMs: number | undefined
  readonly intervalMs: number | undefined
}

/** Whether the newest sample is recent enough to decide on. */
export function staleness({ newestMs, nowMs, maxAgeMs: settingMs, intervalMs }: FreshnessInput): Freshness {
  const usualMs = intervalMs === undefined ? DEFAULT_MAX_AGE_MS : INTERVALS_TO_STALE * intervalMs
  const maxAgeMs = settingMs ?? usualMs
  if (newestMs === undefined) return { isStale: true, ageMs: undefined, maxAgeMs, text: 'there are no metrics yet' }
  const ageMs = nowMs - newestMs
  const seconds = Math.round(Math.abs(ageMs) / MS_PER_SECOND)
  if (ageMs < -AHEAD_TOLERANCE_MS) {
    const text = `the newest metrics are ${seconds} s in the future: the clock was set back`
    return { isStale: true, ageMs, maxAgeMs, text }
  }
  if (ageMs <= maxAgeMs) return { isStale: false, ageMs, maxAgeMs, text: '' }
  const limit = Math.round(maxAgeMs / MS_PER_SECOND)
  const text = `the newest metrics are ${seconds} s old, more than ${limit} s: is lxc_monitor running?`
  return { isStale: true, ageMs, maxAgeMs, text }
}
