import { randomUUID } from 'node:crypto'
import {
  type AllocationBody,
  AutoscaleError,
  type BootTime,
  type ChangeAction,
  type ChangeOutcome,
  type Clock,
  type ErrorVerdict,
  errorMessage,
  type HistoryEntryBody,
  type Logger,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import type { AuditEntry, BegunChange, RepeatFacts } from '../audit/audit-entry.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ContainerQueue } from '../pct/container-queue.ts'
import { taskWarnings } from '../pct/parse-output.ts'
import type { Containers, HostCommand, HostCommands } from '../ports.ts'
import { type Observed, observeChange, showsAllDone } from './observe.ts'

/** Who asks for a change, and how. */
export interface ChangeOrigin {
  readonly who: HistoryEntryBody['who']
  readonly why: string | undefined
  readonly force: boolean
  readonly idempotencyKey: string | undefined
  /** What its line must hold so that the request can be answered when it is sent again. */
  readonly repeat?: RepeatFacts | undefined
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
  /** The same of something that is not as it was before although the change was not made. */
  left(warning: string): void
  /** Notes what somebody else had set while the change was being made, and what it overwrote so. */
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
  /** It gives more until then, or (null) gives back what a boost gave. */
  readonly boost?: HistoryEntryBody['boost']
  /** What knows the container; left out: the one of this node. */
  readonly containers?: Containers
  /** It needs no command, so that it waits for nobody. */
  readonly isImmediate?: true
  perform(progress: ChangeProgress): Promise<PerformedChange>
  /** Awaited right before it is begun, with its number. */
  onBegin?(changeId: string): Promise<void>
}

export interface ChangeRunnerParts extends Observed {
  readonly queue: ContainerQueue
  readonly audit: AuditLog
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
  run(change: Change, origin: ChangeOrigin): Promise<DoneChange> {
    const record = new ChangeRecord(change, origin, this.#parts)
    const performed = change.isImmediate ? record.perform() : this.#inTurn(change, origin, () => record.perform())
    return performed.then(
      done => record.endDone(done),
      error => record.endFailed(error),
    )
  }

  #inTurn(change: Change, { signal }: ChangeOrigin, run: () => Promise<PerformedChange>): Promise<PerformedChange> {
    const vmids = [change.vmid, ...(change.otherVmids ?? [])]
    return this.#parts.queue.run({ vmids, isLong: change.action !== 'scale', signal, run })
  }
}

class ChangeRecord implements ChangeProgress {
  readonly id = randomUUID()
  readonly #change: Change
  readonly #origin: ChangeOrigin
  readonly #parts: ChangeRunnerParts
  readonly #startMs: number
  readonly #time: string
  readonly #boot: BootTime | undefined
  readonly #warnings: string[] = []
  #name: string | undefined
  #overwritten: AllocationBody | undefined
  #before: unknown = null
  /** What a change that failed has left; null when it cannot be seen. */
  #after: unknown = null
  #hasBegun = false
  /** Whether a command was started; what it did may stay whatever it said. */
  #isStarted = false
  /** Whether something is known to stay. */
  #isTouched = false
  /** What the last command that did not end well said. */
  #commandFailure: unknown

  constructor(change: Change, origin: ChangeOrigin, parts: ChangeRunnerParts) {
    this.#change = change
    this.#origin = origin
    this.#parts = parts
    this.#startMs = parts.clock.monotonicMs()
    this.#time = new Date(parts.clock.nowMs()).toISOString()
    this.#boot = parts.clock.sinceBoot()
  }

  name(name: string): void {
    this.#name = name
  }

  async begin(before: unknown): Promise<void> {
    this.#before = before
    await this.#change.onBegin?.(this.id)
    await this.#parts.audit.begin(this.#begun())
    this.#hasBegun = true
  }

  readonly run: HostCommands['run'] = async (command, beforeStart) => {
    const wasStarted = this.#isStarted
    try {
      const output = await this.#parts.commands.run(command, () => {
        const stop = beforeStart?.()
        this.#isStarted = true
        return stop
      })
      this.#isTouched = true
      for (const warning of taskWarnings(output)) this.warn(warning)
      return output
    } catch (error) {
      this.#commandFailure = error
      if (error instanceof AutoscaleError && hasFoundAnother(command, error)) this.#isStarted = wasStarted
      throw error
    }
  }

  warn(warning: string): void {
    this.#warnings.push(warning)
  }

  left(warning: string): void {
    this.#isTouched = true
    this.warn(warning)
  }

  overwrote(found: AllocationBody): void {
    this.#overwritten = found
  }

  /** Does the work; looks what it has left when it fails, as long as nothing else changes the container. */
  async perform(): Promise<PerformedChange> {
    try {
      return await this.#change.perform(this)
    } catch (error) {
      this.#after = this.#hasBegun ? await this.#observe() : null
      throw error
    }
  }

  async endDone(performed: PerformedChange): Promise<DoneChange> {
    const { before, after, changed, message } = performed
    const entry = this.#entry({ before, after, outcome: changed ? 'applied' : 'unchanged', error: null, message })
    let changeId: string = this.id
    try {
      changeId = await this.#end(entry)
    } catch (error) {
      // It is made: calling it refused would have it made again. Its line is written as soon as it can be.
      this.warn(errorMessage(error))
    }
    return { ...performed, changeId, message: this.#told(message), warning: this.#warning() }
  }

  /**
   * What a change came to that threw `error`, by what was begun and what the host shows.
   * @throws what its caller is to hear
   */
  async endFailed(error: unknown): Promise<DoneChange> {
    const [before, after] = [this.#before, this.#after]
    const isAfterCommands = this.#isAfterCommands(error)
    if (isAfterCommands && showsAllDone(this.#change, before, after)) return this.#endSeen(errorMessage(error))
    const failure = isAfterCommands && after === null ? outcomeUnknown(error) : error
    const leaves = this.#leaves(failure)
    const { code, details } = failure instanceof AutoscaleError ? failure : { code: 'INTERNAL', details: {} }
    const message = errorMessage(failure)
    const entry = this.#entry({ before, after, outcome: OUTCOMES[leaves], error: code, message, details })
    // The failure itself is what the client must hear of; the line is written as soon as it can be.
    const changeId = await this.#end(entry).catch(() => this.id)
    if (!(failure instanceof AutoscaleError)) throw failure
    throw new AutoscaleError(failure.code, this.#told(message), {
      leaves,
      cause: failure.cause,
      details: { ...details, change_id: changeId },
    })
  }

  /** A change of which a later look shows that it was made. */
  #endSeen(problem: string): Promise<DoneChange> {
    const { action, vmid } = this.#change
    this.warn(`it was not seen at once: ${problem}`)
    const message = `${action} of container ${vmid} was made`
    return this.endDone({ before: this.#before, after: this.#after, changed: true, message })
  }

  /** Whether `error` is none of a command, but came when one had done its work. */
  #isAfterCommands(error: unknown): error is AutoscaleError {
    const isOfCommand = error === this.#commandFailure
    return this.#isTouched && !isOfCommand && error instanceof AutoscaleError && error.leaves === 'untouched'
  }

  #entry({
    details = {},
    message,
    ...end
  }: Pick<HistoryEntryBody, 'before' | 'after' | 'outcome' | 'error' | 'message'> &
    Pick<RepeatFacts, 'details'>): AuditEntry {
    const durationMs = this.#parts.clock.monotonicMs() - this.#startMs
    const warning = this.#warning()
    const begun = this.#begun()
    const repeat = begun.repeat === undefined ? undefined : { ...begun.repeat, details }
    return {
      ...begun,
      ...end,
      message: this.#told(message),
      ...(warning === undefined ? {} : { warning }),
      ...(this.#overwritten === undefined ? {} : { overwritten: this.#overwritten }),
      duration_seconds: Math.round(durationMs) / MS_PER_SECOND,
      ...(repeat === undefined ? {} : { repeat }),
    }
  }

  /** Keeps the line of the change; gives the number under which it stands in the history. */
  async #end(entry: AuditEntry): Promise<string> {
    this.#parts.onEnd(entry)
    const { audit, log } = this.#parts
    if (!this.#hasBegun) {
      const { repeat, ...line } = entry
      const id = await audit.notMade(line)
      // What is only counted is not logged either.
      if (id === entry.id) this.#log(entry)
      return id
    }
    this.#log(entry)
    try {
      await audit.end(entry)
    } catch (error) {
      log.error({ problem: errorMessage(error), change: this.id }, 'audit log cannot be written')
      throw error
    }
    return entry.id
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
    if (leaves !== 'untouched') return leaves
    if (this.#isTouched) return 'half-done'
    if (!this.#isStarted) return 'untouched'
    if (this.#after === null) return 'unknown'
    return JSON.stringify(this.#after) === JSON.stringify(this.#before) ? 'untouched' : 'half-done'
  }

  async #observe(): Promise<unknown> {
    try {
      const { containers = this.#parts.containers } = this.#change
      return await observeChange({ ...this.#parts, containers }, this.#change)
    } catch {
      // Not known is all that can be said then; why it failed is in the line already.
      return null
    }
  }

  #begun(): BegunChange {
    const { action, vmid, asked, undoOf, boost } = this.#change
    const { who, why, force, idempotencyKey, repeat } = this.#origin
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
      ...(this.#boot === undefined ? {} : { boot: this.#boot }),
      ...(boost === undefined ? {} : { boost }),
      ...(repeat === undefined ? {} : { repeat }),
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

/**
 * Proxmox compares the digest, and reads the configuration that it sets something in, before it does anything: that the container
 * is not as it was, or has moved while its lock was waited for, is the work of another. Source: PVE::API2::LXC::Config, update_vm.
 */
function hasFoundAnother({ kind }: HostCommand, { code }: AutoscaleError): boolean {
  return code === 'ALLOCATION_MOVED' || (code === 'CONTAINER_NOT_FOUND' && kind === 'set')
}

/** What a change came to, by what its failure leaves on the host. */
const OUTCOMES: Readonly<Record<ErrorVerdict['leaves'], ChangeOutcome>> = {
  untouched: 'refused',
  'half-done': 'failed',
  unknown: 'unknown',
}

function outcomeUnknown({ message, details, code }: AutoscaleError): AutoscaleError {
  return new AutoscaleError('OUTCOME_UNKNOWN', `it was carried out, but what came of it cannot be seen: ${message}`, {
    details: { ...details, cause: code },
  })
}
