import { AutoscaleError, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import { isLoopbackAddress, sourceOf } from './client-address.ts'

/** Checks at once; the second is for sources without a wrong key. Source: scrypt takes 32 MB and a core for a tenth of a second. */
const MAX_RUNNING = 2
const MAX_WAITING = 8
/** Wrong keys that a source may send before it has to pause; each further one doubles the pause. */
const FREE_WRONG_KEYS = 5
const MAX_PAUSE_MS = 60_000
const FORGOTTEN_AFTER_MS = 600_000
const MAX_SOURCES = 1_000

interface WaitingCheck {
  readonly source: string
  start(): void
  turnAway(error: AutoscaleError): void
}

/**
 * Runs the checks that take long, few at a time. First come sources that sent the fewest wrong keys lately, and of equal ones
 * the newest check: who floods it with wrong keys waits behind everybody else, and turns nobody away but himself.
 */
export class SlowChecks {
  readonly #clock: Clock
  /** By source: wrong keys, and when the last of them came. */
  readonly #wrong = new Map<string, { readonly count: number; readonly lastMs: number }>()
  /** Newest first. */
  #waiting: readonly WaitingCheck[] = []
  #running = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * What `check` finds for the client at `address`; undefined means that its key was wrong.
   * Rejects with RATE_LIMITED when the client has to pause first, or others go before it and there is no room to wait.
   */
  async run<Found>(address: string, check: () => Promise<Found | undefined>): Promise<Found | undefined> {
    const source = sourceOf(address)
    // On the loopback address everybody is one source: a pause would shut the administrator out with the one who guesses.
    const pauseMs = isLoopbackAddress(address) ? 0 : this.#pauseMs(source)
    if (pauseMs > 0) throw tooMany('too many wrong API keys from this address', pauseMs)
    await this.#turn(source)
    try {
      const found = await check()
      if (found === undefined) this.#count(source)
      return found
    } finally {
      this.#running--
      this.#startNext()
    }
  }

  #turn(source: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = [{ source, start: resolve, turnAway: reject }, ...this.#waiting]
      this.#startNext()
      const last = this.#inOrder()[MAX_WAITING]
      if (last !== undefined) this.#take(last).turnAway(tooMany('too many API keys are being checked', MS_PER_SECOND))
    })
  }

  #startNext(): void {
    const [next] = this.#inOrder()
    if (next === undefined || this.#running >= (this.#wrongOf(next.source) === 0 ? MAX_RUNNING : 1)) return
    this.#running++
    this.#take(next).start()
  }

  #take(check: WaitingCheck): WaitingCheck {
    this.#waiting = this.#waiting.filter(other => other !== check)
    return check
  }

  #inOrder(): readonly WaitingCheck[] {
    return [...this.#waiting].sort((a, b) => this.#wrongOf(a.source) - this.#wrongOf(b.source))
  }

  #wrongOf(source: string): number {
    const { count, lastMs } = this.#wrong.get(source) ?? { count: 0, lastMs: 0 }
    return this.#clock.monotonicMs() - lastMs < FORGOTTEN_AFTER_MS ? count : 0
  }

  #pauseMs(source: string): number {
    const excess = this.#wrongOf(source) - FREE_WRONG_KEYS
    if (excess < 0) return 0
    const endMs = (this.#wrong.get(source)?.lastMs ?? 0) + Math.min(MAX_PAUSE_MS, 2 ** excess * MS_PER_SECOND)
    return endMs - this.#clock.monotonicMs()
  }

  #count(source: string): void {
    const count = this.#wrongOf(source) + 1
    this.#wrong.delete(source)
    this.#wrong.set(source, { count, lastMs: this.#clock.monotonicMs() })
    const [oldest] = this.#wrong.keys()
    if (this.#wrong.size > MAX_SOURCES && oldest !== undefined) this.#wrong.delete(oldest)
  }
}

function tooMany(why: string, pauseMs: number): AutoscaleError {
  const seconds = Math.ceil(pauseMs / MS_PER_SECOND)
  return new AutoscaleError('RATE_LIMITED', `${why}; try again in ${seconds} s`, {
    details: { retry_after_seconds: seconds },
  })
}
