/** A moment as both clocks show it, milliseconds. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** A reading and when it was made. */
export interface Stamped<Reading> {
  readonly reading: Reading
  readonly monotonicMs: number
  /** Grows with each step of the clocks against each other; readings from before and after one are not compared. */
  readonly clockEpoch: number
}

/** Two readings of the same run of a container. */
export interface ReadingPair<Reading> {
  /** Undefined at the first reading of a run. */
  readonly previous: Reading | undefined
  readonly current: Reading
  /** Undefined when there is no previous reading or a clock stepped in between. */
  readonly elapsedMs: number | undefined
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

/** Puts two readings of one run together. The caller gives no previous reading of another run. */
export function pairReadings<Reading>(
  previous: Stamped<Reading> | undefined,
  current: Stamped<Reading>,
): ReadingPair<Reading> {
  const isComparable = previous !== undefined && previous.clockEpoch === current.clockEpoch
  return {
    previous: previous?.reading,
    current: current.reading,
    elapsedMs: isComparable ? current.monotonicMs - previous.monotonicMs : undefined,
  }
}
