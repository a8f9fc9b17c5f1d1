import { createHash } from 'node:crypto'
import { AutoscaleError } from '@lxc-autoscale/core'
import type { BegunChange } from '../audit/audit-entry.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { type Answer, knownAnswer } from './answer.ts'

/** A request that may be sent again. */
export interface RepeatableRequest {
  /** The header Idempotency-Key. */
  readonly key: string
  /** Name of the API key; two callers do not share their keys. */
  readonly caller: string
  /** What is asked for, as `requestName` names it. */
  readonly name: string
}

interface RunningRequest {
  /** Undefined when it is not known what was asked for. */
  readonly name: string | undefined
  /** Undefined when it may be made again. */
  readonly answer: Promise<Answer | undefined>
}

/**
 * Answers a request that is sent again with what became of it the first time: whatever was begun for a key is not begun
 * again. What was refused before anything was begun may be asked for again.
 */
export class Idempotency {
  readonly #audit: Pick<AuditLog, 'begunFor'>
  readonly #running = new Map<string, RunningRequest>()

  constructor(audit: Pick<AuditLog, 'begunFor'>) {
    this.#audit = audit
  }

  /**
   * The answer to `request`, from `produce` when it is new.
   * @throws {AutoscaleError} IDEMPOTENCY_CONFLICT when the key was used for something else; whatever `produce` throws
   */
  async answer(
    request: RepeatableRequest,
    produce: () => Promise<Answer>,
  ): Promise<Answer & { readonly isReplay: boolean }> {
    const place = placeOf(request.caller, request.key)
    // Nothing may wait between the last look and `set`: the same request may come twice at once.
    for (let running = this.#running.get(place); running !== undefined; running = this.#running.get(place)) {
      requireSame(running.name, request.name)
      const given = await running.answer
      if (given !== undefined) return { ...given, isReplay: true }
    }
    const known = this.#known(request)
    if (known !== undefined) return { ...known, isReplay: true }
    const answer = produce()
    this.#running.set(place, { name: request.name, answer })
    try {
      return { ...(await answer), isReplay: false }
    } finally {
      this.#running.delete(place)
    }
  }

  /** Who asks again for a change that an earlier process began waits until it is known what came of it. */
  waitFor({ who, idempotency_key: key, repeat }: BegunChange, ended: Promise<unknown>): void {
    if (key === null) return
    const place = placeOf(who.key, key)
    const request = { caller: who.key, key, name: repeat?.request ?? '' }
    const answer = ended.then(() => this.#known(request)).finally(() => this.#running.delete(place))
    this.#running.set(place, { name: repeat?.request, answer })
  }

  #known({ caller, key, name }: RepeatableRequest): Answer | undefined {
    const change = this.#audit.begunFor(caller, key)
    if (change === undefined) return undefined
    requireSame(change.repeat?.request, name)
    return knownAnswer(change)
  }
}

/** A name for what is asked for, so that a key cannot be used for two requests. */
export function requestName(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url')
}

/** The value of an Idempotency-Key header. @throws {AutoscaleError} INVALID_REQUEST */
export function parseIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header
  throw new AutoscaleError(
    'INVALID_REQUEST',
    'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces',
  )
}

/** Lines of earlier versions do not tell what was asked for. */
function requireSame(earlier: string | undefined, name: string): void {
  if (earlier === undefined || earlier === name) return
  throw new AutoscaleError('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key was used for another request')
}

function placeOf(caller: string, key: string): string {
  return JSON.stringify([caller, key])
}
