import { MS_PER_DAY, MS_PER_MINUTE } from '@lxc-autoscale/core'

const FIRST_STEP_MS = MS_PER_MINUTE
const MOST_STEPS_IN_A_GAP = 3
/** No gap is longer than this; beyond it the clock was set forward. */
const LONGEST_GAP_MS = 30 * MS_PER_DAY

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

  serialise(): unknown {
    return { ownMs: this.#ownMs, wallMs: this.#wallMs ?? null, stepMs: this.#stepMs ?? null }
  }

  /** Takes over what `serialise` gave; false (and as new) when it does not fit. */
  restore(saved: unknown): boolean {
    const fields: Readonly<Record<string, unknown>> = typeof saved === 'object' ? { ...saved } : {}
    const { ownMs, wallMs, stepMs } = fields
    const isWhole =
      typeof ownMs === 'number' && Number.isFinite(ownMs) && (wallMs === null || typeof wallMs === 'number')
    this.#ownMs = isWhole ? ownMs : 0
    this.#wallMs = isWhole && wallMs !== null ? wallMs : undefined
    this.#stepMs = isWhole && typeof stepMs === 'number' && stepMs > 0 ? stepMs : undefined
    return isWhole
  }
}
