import { randomUUID } from 'node:crypto'
import {
  type AllocationBody,
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
import type { Containers, HostCommands } from '../ports.ts'
import { observeChange } from './observe.ts'

/** Who asks for a change, and how. */
export interface ChangeOrigin {
  readonly who: HistoryEntryBody['who']
  readonly why: string | undefined
  readonly force: boolean
  readonly idempotencyKey: string | undefined
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

/** A change as it is answered. */
export interface DoneChange extends PerformedChange {
  readonly changeId: string
  /** What went wrong although it was made; stands in the message too. */
  readonly warning: string | undefined
}

/** What the work itself may do while it is being carried out. */
export interface ChangeProgress {
  /** Number of the change in the audit log. */
  readonly id: string
  /** Notes the name of the container, for the audit log. */
  name(name: string): void
  /** To be awaited before the first command: from then on the change is on the disk as begun. */
  begin(before: unknown): Promise<void>
  /** Runs a command whose effect stays: once one has ended well, a later failure no longer leaves the host untouched. */
  readonly run: HostCommands['run']
  /** Notes what went wrong although the change was made, or what else is to be known of one that failed. */
  warn(warning: string): void
  /** Notes what somebody else had set while the change was being made, and was overwritten by it. */
  overwrote(found: AllocationBody): void
}

export interface Change {
  readonly action: ChangeAction
  readonly vmid: number
  /** Other containers that it touches. */
  readonly otherVmids?: readonly number[]
  /** The request as on the wire. */
  readonly asked: Readonly<Record<string, unknown>>
  /** The change that it takes back. */
  readonly undoOf?: string
  perform(progress: ChangeProgress): Promise<PerformedChange>
}

export interface ChangeRunnerParts {
  readonly queue: ContainerQueue
  readonly audit: AuditLog
  readonly containers: Containers
  readonly commands: HostCommands
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

  /** What `change` came to. @throws {AutoscaleError} as the work, the queue and the audit log do */
  async run(change: Change, origin: ChangeOrigin): Promise<DoneChange> {
    const record = new ChangeRecord(change, origin, this.#parts)
    try {
      const performed = await this.#parts.queue.run({
        vmids: [change.vmid, ...(change.otherVmids ?? [])],
        isLong: change.action !== 'scale',
        signal: origin.signal,
        run: () => change.perform(record),
      })
      return await record.endDone(performed)
    } catch (error) {
      throw await record.endFailed(error)
    }
  }
}

class ChangeRecord implements ChangeProgress {
  readonly id = randomUUID()
  readonly #change: Change
  readonly #origin: ChangeOrigin
  readonly #parts: ChangeRunnerParts
  readonly #startMs: number
  readonly #time: string
  readonly #warnings: string[] = []
  #name: string | undefined
  #before: unknown = null
  #hasBegun = false
  #isTouched = false
  #overwritten: AllocationBody | undefined

  constructor(change: Change, origin: ChangeOrigin, parts: ChangeRunnerParts) {
    this.#change = change
    this.#origin = origin
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

  readonly run: HostCommands['run'] = async (command, beforeStart) => {
    const output = await this.#parts.commands.run(command, beforeStart)
    this.#isTouched = true
    return output
  }

  warn(warning: string): void {
    this.#warnings.push(warning)
  }

  overwrote(found: AllocationBody): void {
    this.#overwritten = found
  }

  async endDone(performed: PerformedChange): Promise<DoneChange> {
    const { before, after, changed, message } = performed
    try {
      await this.#end({ before, after, outcome: changed ? 'applied' : 'unchanged', error: null, message })
    } catch (error) {
      // It is made: calling it refused would have it made again. The begun change stays on the disk for the next start.
      this.warn(errorMessage(error))
      this.#parts.log.error({ problem: errorMessage(error), change: this.id }, 'audit log cannot be written')
    }
    return { ...performed, changeId: this.id, message: this.#told(message), warning: this.#warning() }
  }

  /** Writes the line of a change that threw `error`, and gives what its caller is to hear. */
  async endFailed(error: unknown): Promise<unknown> {
    const leaves = this.#leaves(error)
    const code = error instanceof AutoscaleError ? error.code : 'INTERNAL'
    const after = this.#hasBegun ? await this.#observe() : this.#before
    const end = { before: this.#before, after, outcome: OUTCOMES[leaves], error: code, message: errorMessage(error) }
    try {
      await this.#end(end)
    } catch (auditError) {
      // The failure itself is what the client must hear of; the begun change stays on the disk for the next start.
      this.#parts.log.error({ problem: errorMessage(auditError), change: this.id }, 'audit log cannot be written')
    }
    if (!(error instanceof AutoscaleError)) return error
    const details = { ...error.details, change_id: this.id }
    return new AutoscaleError(error.code, this.#told(error.message), { leaves, cause: error.cause, details })
  }

  async #end(end: Pick<HistoryEntryBody, 'before' | 'after' | 'outcome' | 'error' | 'message'>): Promise<void> {
    const durationMs = this.#parts.clock.monotonicMs() - this.#startMs
    const warning = this.#warning()
    const entry: HistoryEntryBody = {
      ...this.#begun(),
      ...end,
      message: this.#told(end.message),
      ...(warning === undefined ? {} : { warning }),
      ...(this.#overwritten === undefined ? {} : { overwritten: this.#overwritten }),
      duration_seconds: Math.round(durationMs) / MS_PER_SECOND,
    }
    this.#log(entry)
    this.#parts.onEnd(entry)
    await this.#parts.audit.end(entry)
  }

  #warning(): string | undefined {
    return this.#warnings.length === 0 ? undefined : this.#warnings.join('; ')
  }

  #told(message: string): string {
    return [message, ...this.#warnings].join('; warning: ')
  }

  #leaves(error: unknown): ErrorVerdict['leaves'] {
    if (!this.#hasBegun) return 'untouched'
    const leaves = error instanceof AutoscaleError ? error.leaves : 'half-done'
    return leaves === 'untouched' && this.#isTouched ? 'half-done' : leaves
  }

  async #observe(): Promise<unknown> {
    try {
      return await observeChange(this.#parts.containers, this.#change)
    } catch {
      // Not known is all that can be said then; why it failed is in the line already.
      return null
    }
  }

  #begun(): BegunChange {
    const { action, vmid, asked, undoOf } = this.#change
    const { who, why, force, idempotencyKey } = this.#origin
    const undo = undoOf === undefined ? undefined : `undo of ${undoOf}`
    return {
      id: this.id,
      time: this.#time,
      action,
      lxc_id: vmid,
      name: this.#name ?? null,
      who,
      asked: { ...asked },
      before: this.#before,
      why: [undo, why].filter(Boolean).join(': ') || null,
      force,
      undo_of: undoOf ?? null,
      idempotency_key: idempotencyKey ?? null,
    }
  }

  #log({ id, action, lxc_id, who, before, after, outcome, error, why, message, warning }: HistoryEntryBody): void {
    const fields = { change: id, action, vmid: lxc_id, by: who.key, before, after, outcome, error, why }
    const isDone = outcome === 'applied' || outcome === 'unchanged'
    if (!isDone) this.#parts.log.warn({ ...fields, problem: message }, 'change not made')
    else if (warning === undefined) this.#parts.log.info(fields, 'change made')
    else this.#parts.log.warn({ ...fields, problem: warning }, 'change made, with a warning')
  }
}

/** What a change came to, by what its failure leaves on the host. */
const OUTCOMES: Readonly<Record<ErrorVerdict['leaves'], ChangeOutcome>> = {
  untouched: 'refused',
  'half-done': 'failed',
  unknown: 'unknown',
}
