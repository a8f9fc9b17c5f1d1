import { randomUUID } from 'node:crypto'
import {
  AutoscaleError,
  type ChangeAction,
  type ChangeOutcome,
  type Clock,
  type ErrorVerdict,
  errorMessage,
  type HistoryEntryBody,
  type Logger,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import type { AuditLog, BegunChange } from '../audit/audit-log.ts'
import type { ContainerQueue } from '../pct/container-queue.ts'

/** Who asks for a change, and how. */
export interface ChangeOrigin {
  readonly who: HistoryEntryBody['who']
  readonly why: string | undefined
  readonly force: boolean
  readonly idempotencyKey: string | undefined
  readonly undoOf?: string | undefined
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

/** What came of a change that was carried out. */
export interface PerformedChange {
  readonly before: unknown
  readonly after: unknown
  /** False when there was nothing to do. */
  readonly changed: boolean
  readonly message: string
}

/** What the work itself may do while it is being carried out. */
export interface ChangeProgress {
  /** Number of the change in the audit log. */
  readonly id: string
  /** Notes the name of the container, for the audit log. */
  name(name: string): void
  /** To be awaited before the first command: from then on the change is on the disk as begun. */
  begin(before: unknown): Promise<void>
}

export interface Change<Performed extends PerformedChange> {
  readonly action: ChangeAction
  readonly vmid: number
  /** Other containers that it touches. */
  readonly otherVmids?: readonly number[]
  readonly isLong: boolean
  /** The request as on the wire. */
  readonly asked: Readonly<Record<string, unknown>>
  readonly origin: ChangeOrigin
  perform(progress: ChangeProgress): Promise<Performed>
  /** What the container is like now, for the audit log of a failure. */
  observe(): Promise<unknown>
}

export interface ChangeRunnerParts {
  readonly queue: ContainerQueue
  readonly audit: AuditLog
  readonly clock: Clock
  readonly log: Logger
  /** For the metrics. */
  readonly onEnd: (entry: HistoryEntryBody) => void
}

/** Carries changes out one at a time per container, and writes each into the audit log before it is answered. */
export class ChangeRunner {
  readonly #parts: ChangeRunnerParts

  constructor(parts: ChangeRunnerParts) {
    this.#parts = parts
  }

  /** What `change` came to, and its number in the audit log. @throws {AutoscaleError} as the work, the queue and the audit log do */
  async run<Performed extends PerformedChange>(
    change: Change<Performed>,
  ): Promise<Performed & { readonly changeId: string }> {
    const record = new ChangeRecord(change, this.#parts)
    try {
      const performed = await this.#parts.queue.run({
        vmids: [change.vmid, ...(change.otherVmids ?? [])],
        isLong: change.isLong,
        signal: change.origin.signal,
        run: () => change.perform(record),
      })
      await record.end({ ...performed, outcome: performed.changed ? 'applied' : 'unchanged' })
      return { ...performed, changeId: record.id }
    } catch (error) {
      await record.endFailed(error)
      throw withChangeId(error, record.id)
    }
  }
}

interface RecordedEnd {
  readonly before: unknown
  readonly after: unknown
  readonly outcome: ChangeOutcome
  readonly error?: string
  readonly message: string
}

class ChangeRecord implements ChangeProgress {
  readonly id = randomUUID()
  readonly #change: Change<PerformedChange>
  readonly #parts: ChangeRunnerParts
  readonly #startMs: number
  readonly #time: string
  #name: string | undefined
  #before: unknown = null
  #hasBegun = false
  #hasEnded = false

  constructor(change: Change<PerformedChange>, parts: ChangeRunnerParts) {
    this.#change = change
    this.#parts = parts
    this.#startMs = parts.clock.monotonicMs()
    this.#time = new Date(parts.clock.nowMs()).toISOString()
  }

  name(name: string): void {
    this.#name = name
  }

  async begin(before: unknown): Promise<void> {
    this.#before = before
    await this.#parts.audit.begin(this.#begun())
    this.#hasBegun = true
  }

  async end({ before, after, outcome, error, message }: RecordedEnd): Promise<void> {
    this.#hasEnded = true
    const durationMs = this.#parts.clock.monotonicMs() - this.#startMs
    const entry: HistoryEntryBody = {
      ...this.#begun(),
      before,
      after,
      duration_seconds: Math.round(durationMs) / MS_PER_SECOND,
      outcome,
      error: error ?? null,
      message,
    }
    this.#log(entry)
    this.#parts.onEnd(entry)
    await this.#parts.audit.end(entry)
  }

  /** Writes the line of a change that threw `error`; does nothing when the line was what failed. */
  async endFailed(error: unknown): Promise<void> {
    if (this.#hasEnded) return
    const code = error instanceof AutoscaleError ? error.code : 'INTERNAL'
    const after = this.#hasBegun ? await this.#observe() : this.#before
    const outcome = this.#hasBegun ? OUTCOMES[leavesOf(error)] : 'refused'
    try {
      await this.end({ before: this.#before, after, outcome, error: code, message: errorMessage(error) })
    } catch (auditError) {
      // The failure itself is what the client must hear of; the begun change stays on the disk for the next start.
      this.#parts.log.error({ problem: errorMessage(auditError), change: this.id }, 'audit log cannot be written')
    }
  }

  async #observe(): Promise<unknown> {
    try {
      return await this.#change.observe()
    } catch {
      // Not known is all that can be said then; why it failed is in the line already.
      return null
    }
  }

  #begun(): BegunChange {
    const { action, vmid, asked, origin } = this.#change
    return {
      id: this.id,
      time: this.#time,
      action,
      lxc_id: vmid,
      name: this.#name ?? null,
      who: origin.who,
      asked: { ...asked },
      before: this.#before,
      why: origin.why ?? null,
      force: origin.force,
      undo_of: origin.undoOf ?? null,
      idempotency_key: origin.idempotencyKey ?? null,
    }
  }

  #log({ id, action, lxc_id, who, before, after, outcome, error, why, message }: HistoryEntryBody): void {
    const fields = {
      change: id,
      action,
      vmid: lxc_id,
      by: who.key,
      before,
      after,
      outcome,
      error,
      why,
      problem: message,
    }
    if (outcome === 'applied' || outcome === 'unchanged')
      this.#parts.log.info({ ...fields, problem: undefined }, 'change made')
    else this.#parts.log.warn(fields, 'change not made')
  }
}

/** What a change came to, by what its failure leaves on the host. */
const OUTCOMES: Readonly<Record<ErrorVerdict['leaves'], ChangeOutcome>> = {
  untouched: 'refused',
  'half-done': 'failed',
  unknown: 'unknown',
}

function leavesOf(error: unknown): ErrorVerdict['leaves'] {
  return error instanceof AutoscaleError ? error.leaves : 'half-done'
}

function withChangeId(error: unknown, changeId: string): unknown {
  if (!(error instanceof AutoscaleError)) return error
  const { code, message, leaves, details, cause } = error
  return new AutoscaleError(code, message, { leaves, cause, details: { ...details, change_id: changeId } })
}
