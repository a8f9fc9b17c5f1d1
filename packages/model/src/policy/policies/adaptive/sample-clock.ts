import { MS_PER_DAY, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { z } from 'zod'

const FIRST_STEP_MS = MS_PER_MINUTE
const MOST_STEPS_IN_A_GAP = 3
/** No gap is longer than this; beyond it the clock was set forward. */
const LONGEST_GAP_MS = 30 * MS_PER_DAY

/** What `serialise` gives. */
export const SampleClockState = z.object({
  ownMs: z.number(),
  wallMs: z.number().nullable(),
  stepMs: z.number().positive().nullable(),
})

/**
 * Time as the samples of a container tell it, which never falls, whatever happens to the clock of the host: windows and
 * half-lives go by it. The time of day does not: that is the wall clock's.
 */
export class SampleClock {
  #ownMs = 0
  #wallMs: number | undefined
  #stepMs: number | undefined

  get ownMs(): number {
    return this.#ownMs
  }

  /**
   * Takes the time of a sample. Gives the time that the sample stands for: since the one before it, but no more than a few
   * usual steps, so that a gap is no measurement; 0 for the same sample again. An older time says that the clock was set back.
   */
  advance(wallMs: number): number {
    const stepMs = this.#stepMs ?? FIRST_STEP_MS
    if (this.#wallMs === undefined) {
      this.#wallMs = wallMs
      this.#ownMs = wallMs
      return stepMs
    }
    const sinceMs = wallMs - this.#wallMs
    if (sinceMs === 0) return 0
    const isClockSet = sinceMs < 0 || sinceMs > LONGEST_GAP_MS
    const elapsedMs = isClockSet ? stepMs : sinceMs
    const countedMs = Math.min(elapsedMs, MOST_STEPS_IN_A_GAP * (this.#stepMs ?? elapsedMs))
    this.#wallMs = wallMs
    this.#ownMs += elapsedMs
    this.#stepMs = this.#stepMs === undefined ? elapsedMs : 0.9 * this.#stepMs + 0.1 * countedMs
    return countedMs
  }

  /** A moment after the newest sample, in own time. */
  ownTimeOf(wallMs: number): number {
    const sinceMs = wallMs - (this.#wallMs ?? wallMs)
    return this.#ownMs + Math.min(Math.max(0, sinceMs), LONGEST_GAP_MS)
  }

  serialise(): z.input<typeof SampleClockState> {
    return { ownMs: this.#ownMs, wallMs: this.#wallMs ?? null, stepMs: this.#stepMs ?? null }
  }

  restore({ ownMs, wallMs, stepMs }: z.output<typeof SampleClockState>): void {
    this.#ownMs = ownMs
    this.#wallMs = wallMs ?? undefined
    this.#stepMs = stepMs ?? undefined
  }
}
