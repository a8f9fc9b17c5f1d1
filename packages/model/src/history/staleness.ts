const MS_PER_SECOND = 1_000
const INTERVALS_TO_STALE = 3
/** Clocks are read at different moments; more than this ahead is a wrong clock. */
const AHEAD_TOLERANCE_MS = 60_000

export interface Freshness {
  /** Nothing may be decided on these data. */
  readonly isStale: boolean
  /** Age of the newest sample; undefined when there is none. */
  readonly ageMs: number | undefined
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

/** Whether the newest sample is recent enough to decide on. Without a setting and a known interval no age is too old, save for no data at all. */
export function staleness({ newestMs, nowMs, maxAgeMs, intervalMs }: FreshnessInput): Freshness {
  if (newestMs === undefined) return { isStale: true, ageMs: undefined, text: 'there are no metrics yet' }
  const ageMs = nowMs - newestMs
  const seconds = Math.round(Math.abs(ageMs) / MS_PER_SECOND)
  if (ageMs < -AHEAD_TOLERANCE_MS) {
    return { isStale: true, ageMs, text: `the newest metrics are ${seconds} s in the future: the clock was set back` }
  }
  const limitMs = maxAgeMs ?? (intervalMs === undefined ? Number.POSITIVE_INFINITY : INTERVALS_TO_STALE * intervalMs)
  if (ageMs <= limitMs) return { isStale: false, ageMs, text: '' }
  const limit = Math.round(limitMs / MS_PER_SECOND)
  return {
    isStale: true,
    ageMs,
    text: `the newest metrics are ${seconds} s old, more than ${limit} s: is lxc_monitor running?`,
  }
}
