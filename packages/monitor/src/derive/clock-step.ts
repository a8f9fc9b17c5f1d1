/** A moment as both clocks show it, milliseconds. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** Clocks that NTP slews stay together closer than this. */
const STEP_MS = 1_000

/**
 * Whether the wall clock and the monotonic clock went apart between two moments: somebody set the time, or the machine
 * slept (the monotonic clock stands still then).
 */
export function isClockStep(previous: Moment, current: Moment): boolean {
  const wallMs = current.wallMs - previous.wallMs
  const monotonicMs = current.monotonicMs - previous.monotonicMs
  return Math.abs(wallMs - monotonicMs) > STEP_MS
}
