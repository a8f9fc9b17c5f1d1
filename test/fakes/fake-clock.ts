import type { BootTime, Clock } from '@lxc-autoscale/core'

interface Sleeper {
  readonly wakeAtMs: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it. Sleepers wake in order of their times. */
export class FakeClock implements Clock {
  /** Another one after a reboot of the host. */
  bootId = '00000000-0000-4000-8000-00000000b007'
  #monotonicMs = 0
  #bootedMs = 0
  #wallMs: number
  #sleepers: Sleeper[] = []

  constructor(startMs = Date.UTC(2026, 0, 5)) {
    this.#wallMs = startMs
  }

  nowMs(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sinceBoot(): BootTime {
    return { id: this.bootId, seconds: (this.#monotonicMs - this.#bootedMs) / 1_000 }
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || durationMs <= 0) return Promise.resolve()
    return new Promise(resolve => {
      const leave = () => {
        this.#sleepers = this.#sleepers.filter(other => other !== sleeper)
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const sleeper = { wakeAtMs: this.#monotonicMs + durationMs, wake: leave }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', leave)
    })
  }

  /** Lets `durationMs` pass, waking every sleeper at its time and letting what it started run. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs
    for (;;) {
      await settle()
      const next = this.#sleepers.sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0]
      if (next === undefined || next.wakeAtMs > endMs) break
      this.#pass(next.wakeAtMs - this.#monotonicMs)
      next.wake()
    }
    this.#pass(endMs - this.#monotonicMs)
    await settle()
  }

  /** Moves the wall clock alone, as NTP or an administrator does. */
  stepWallMs(stepMs: number): void {
    this.#wallMs += stepMs
  }

  /** The host is off for `offMs` and boots again. */
  reboot(offMs = 60_000): void {
    this.#pass(offMs)
    this.#bootedMs = this.#monotonicMs
    this.bootId = `${this.bootId.slice(0, -4)}${(Number.parseInt(this.bootId.slice(-4), 16) + 1).toString(16)}`
  }

  /** Lets `durationMs` pass at once, for a test in which nobody sleeps. */
  passMs(durationMs: number): void {
    this.#pass(durationMs)
  }

  #pass(durationMs: number): void {
    this.#monotonicMs += durationMs
    this.#wallMs += durationMs
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
}
