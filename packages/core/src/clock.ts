import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

/** A moment by a clock that nobody can set, comparable between processes. */
export interface BootTime {
  /** Names the boot of the host; moments of two boots cannot be compared. */
  readonly id: string
  /** Seconds since the boot, with those of a suspended machine. */
  readonly seconds: number
}

/** Time as the daemons see it. Intervals come from `monotonicMs`, timestamps from `nowMs`. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May step in either direction. */
  nowMs(): number
  /** Milliseconds since an arbitrary moment. Never goes back; stands still while the machine is suspended. */
  monotonicMs(): number
  /** Now, for what must survive a restart and a step of the clock. Undefined where the kernel does not tell. */
  sinceBoot(): BootTime | undefined
  /** Resolves after `durationMs`, or at once when `signal` is aborted. Never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
}

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id'

const bootId = readBootId()

function readBootId(): string | undefined {
  try {
    return readFileSync(BOOT_ID_FILE, 'utf8').trim()
  } catch {
    // Without it no moment of an earlier process can be compared, and each is taken for one of another boot.
    return undefined
  }
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sinceBoot: () => (bootId === undefined ? undefined : { id: bootId, seconds: uptime() }),
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
