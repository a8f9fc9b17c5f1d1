import { type BootTime, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { SavedMoment } from '../state/sizer-state.ts'

/** Stands for a boot that the kernel does not name: no other is the same. */
const UNNAMED = ''

/**
 * Time for all that is waited for, in milliseconds: it begins with the clock of the host and goes on evenly from then on, over
 * restarts of the model too, whatever is done to that clock. Over a reboot it goes on from the last moment that is known of the
 * boot before: nobody knows how long the host was off, so waits may become longer by that, never shorter.
 */
export class SteadyTime {
  readonly #clock: Clock
  readonly #bootId: string
  /** What it was when the host booted. */
  readonly #bootedMs: number
  /** By boot before this one the last of its seconds that is known. */
  readonly #lastSeconds = new Map<string, number>()

  /** @param saved what `moment` gave in an earlier process */
  constructor(clock: Clock, saved?: SavedMoment) {
    const { id, seconds } = bootTime(clock)
    this.#clock = clock
    this.#bootId = id
    const isSameBoot = id !== UNNAMED && saved?.boot.id === id && saved.boot.seconds <= seconds
    if (saved === undefined) this.#bootedMs = clock.nowMs() - seconds * MS_PER_SECOND
    else this.#bootedMs = isSameBoot ? saved.ms - saved.boot.seconds * MS_PER_SECOND : saved.ms
    if (saved !== undefined && !isSameBoot) this.#lastSeconds.set(saved.boot.id, saved.boot.seconds)
  }

  nowMs(): number {
    return this.#bootedMs + bootTime(this.#clock).seconds * MS_PER_SECOND
  }

  /** What the clock of the host tells, as it is set now; nothing is later than now. */
  ofClock(clockMs: number): number {
    return this.nowMs() - Math.max(0, this.#clock.nowMs() - clockMs)
  }

  /** As the clock of the host, as it is set now, would tell it. */
  toClock(timeMs: number): number {
    return this.#clock.nowMs() - (this.nowMs() - timeMs)
  }

  /** A moment that another process told; one of an earlier boot may have been before what is given, not after. */
  ofBoot({ id, seconds }: BootTime): number {
    if (id === this.#bootId) return Math.min(this.nowMs(), this.#bootedMs + seconds * MS_PER_SECOND)
    const last = Math.max(seconds, this.#lastSeconds.get(id) ?? seconds)
    this.#lastSeconds.set(id, last)
    return this.#bootedMs - (last - seconds) * MS_PER_SECOND
  }

  /** This moment, for the next process. */
  moment(): SavedMoment {
    return { ms: this.nowMs(), boot: bootTime(this.#clock) }
  }
}

function bootTime(clock: Clock): BootTime {
  return clock.sinceBoot() ?? { id: UNNAMED, seconds: clock.monotonicMs() / MS_PER_SECOND }
}
