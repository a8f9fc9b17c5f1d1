import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

/** Time as the daemons see it. Intervals come from `monotonicMs`, timestamps from `nowMs`. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May step in either direction. */
  nowMs(): number
  /** Milliseconds since an arbitrary moment. Never goes back; stands still while the machine is suspended. */
  monotonicMs(): number
  /** Resolves after `durationMs`, or at once when `signal` is aborted. Never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(durationMs, signal) {
    try {
      await delay(durationMs, undefined, signal === undefined ? {} : { signal })
    } catch {
      // The only rejection is the abort, and the caller looks at its signal.
    }
  },
}

/** Whether `event` comes to pass within `limitMs`. Rejects as `event` does within it. */
export async function isWithin(clock: Clock, limitMs: number, event: Promise<unknown>): Promise<boolean> {
  const isOver = new AbortController()
  try {
    return await Promise.race([event.then(() => true), clock.sleep(limitMs, isOver.signal).then(() => false)])
  } finally {
    isOver.abort()
  }
}
