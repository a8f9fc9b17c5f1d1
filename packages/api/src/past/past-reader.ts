import {
  AutoscaleError,
  type Clock,
  MS_PER_DAY,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  type PastBody,
  pastBody,
} from '@lxc-autoscale/core'
import { type KeptPastParts, keptPast } from './kept-past.ts'

/** A twentieth of one core at most: after a reading nothing is read for so many times as long. */
const REST_FACTOR = 19
/** What an answer costs beside the reading, on a slow machine. */
const ANSWER_MS = 20
/** The longest that a request waits for its turn; beyond it the caller is told when to come again. */
const MOST_WAIT_MS = 2_000
const MOST_WAITING = 16
/** A past grows slowly: by a minute at its end. */
const KEPT_MS = 10 * MS_PER_MINUTE
const MOST_KEPT = 4

export interface PastReaderParts extends KeptPastParts {
  readonly clock: Clock
  readonly signal: AbortSignal
}

interface Kept {
  readonly days: number
  readonly readMs: number
  readonly body: PastBody
}

/** Reads what Proxmox has kept of containers, one after the other and seldom enough that the host does not feel it. */
export class PastReader {
  readonly #parts: PastReaderParts
  readonly #kept = new Map<number, Kept>()
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #restUntilMs = Number.NEGATIVE_INFINITY

  constructor(parts: PastReaderParts) {
    this.#parts = parts
  }

  /** @throws {AutoscaleError} QUEUE_FULL when it is not the time yet; what reading throws */
  async read(vmid: number, days: number): Promise<PastBody> {
    const known = this.#known(vmid, days)
    if (known !== undefined) return known
    const restMs = this.#restUntilMs - this.#parts.clock.monotonicMs()
    if (restMs > MOST_WAIT_MS || this.#waiting >= MOST_WAITING) throw tooEarly(Math.max(restMs, MS_PER_SECOND))
    this.#waiting++
    const turn = this.#turn.then(() => this.#read(vmid, days))
    this.#turn = turn.catch(() => undefined)
    return turn.finally(() => this.#waiting--)
  }

  #known(vmid: number, days: number): PastBody | undefined {
    const known = this.#kept.get(vmid)
    const isFresh = known?.days === days && this.#parts.clock.monotonicMs() - known.readMs < KEPT_MS
    return isFresh ? known.body : undefined
  }

  async #read(vmid: number, days: number): Promise<PastBody> {
    const { clock, signal } = this.#parts
    const known = this.#known(vmid, days)
    if (known !== undefined) return known
    const restMs = this.#restUntilMs - clock.monotonicMs()
    if (restMs > MOST_WAIT_MS) throw tooEarly(restMs)
    if (restMs > 0) await clock.sleep(restMs, signal)
    const beginMs = clock.monotonicMs()
    try {
      const nowMs = clock.nowMs()
      const body = pastBody(vmid, await keptPast(this.#parts, { vmid, nowMs, sinceMs: nowMs - days * MS_PER_DAY }))
      this.#keep(vmid, { days, body, readMs: clock.monotonicMs() })
      return body
    } finally {
      const endMs = clock.monotonicMs()
      this.#restUntilMs = endMs + (endMs - beginMs + ANSWER_MS) * REST_FACTOR
    }
  }

  #keep(vmid: number, kept: Kept): void {
    this.#kept.delete(vmid)
    this.#kept.set(vmid, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }
}

function tooEarly(waitMs: number): AutoscaleError {
  const seconds = Math.ceil(waitMs / MS_PER_SECOND)
  return new AutoscaleError(
    'QUEUE_FULL',
    `the past of containers is read seldom, to spare the host; again in ${seconds} s`,
    {
      details: { retry_after_seconds: seconds },
    },
  )
}
