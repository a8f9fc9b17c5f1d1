import { createHash } from 'node:crypto'
import { AutoscaleError, errorMessage, type Logger } from '@lxc-autoscale/core'
import type { IdempotencyStore } from '../audit/idempotency-store.ts'
import { errorReply } from './error-reply.ts'

/** An answer as it is sent. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** A request that may be sent again. */
export interface RepeatableRequest {
  /** The header Idempotency-Key. */
  readonly key: string
  /** Name of the API key; two callers do not share their keys. */
  readonly caller: string
  /** What is asked for: route and body. */
  readonly content: unknown
  /** Whether carrying it out twice comes to the same as once. */
  readonly isHarmless: boolean
}

/** Answers a request that is sent again as it was answered the first time. */
export class Idempotency {
  readonly #store: IdempotencyStore
  readonly #log: Logger
  readonly #running = new Map<string, { readonly request: string; readonly answer: Promise<Answer> }>()

  constructor(store: IdempotencyStore, log: Logger) {
    this.#store = store
    this.#log = log
  }

  /**
   * The answer to `request`, from `produce` when it is new. Refusals are not kept: nothing was done, so asking again is right.
   * @throws {AutoscaleError} IDEMPOTENCY_CONFLICT when the key was used for something else; whatever `produce` throws
   */
  async answer(
    request: RepeatableRequest,
    produce: () => Promise<Answer>,
  ): Promise<Answer & { readonly isReplay: boolean }> {
    const key = storeKey(request.caller, request.key)
    const name = createHash('sha256').update(JSON.stringify(request.content)).digest('hex')
    const earlier = this.#running.get(key) ?? this.#stored(key)
    if (earlier !== undefined) {
      if (earlier.request !== name && earlier.request !== ANY_REQUEST) throw conflict()
      return { ...(await earlier.answer), isReplay: true }
    }
    const answer = this.#produceAndKeep({ ...request, key, name }, produce)
    this.#running.set(key, { request: name, answer })
    try {
      return { ...(await answer), isReplay: false }
    } finally {
      this.#running.delete(key)
    }
  }

  #stored(key: string) {
    const stored = this.#store.get(key)
    if (stored === undefined) return undefined
    const { request, status, body } = stored
    return { request, answer: Promise.resolve({ status, body }) }
  }

  async #produceAndKeep(
    request: RepeatableRequest & { readonly name: string },
    produce: () => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await produce()
      await this.#keep(request, answer)
      return answer
    } catch (error) {
      const { status, body, leaves } = errorReply(error)
      if (!request.isHarmless && leaves !== 'untouched') await this.#keep(request, { status, body })
      throw error
    }
  }

  async #keep({ key, name }: { readonly key: string; readonly name: string }, { status, body }: Answer): Promise<void> {
    try {
      await this.#store.put({ key, request: name, status, body })
    } catch (error) {
      // What was done is in the audit log; the client must get its answer all the same.
      this.#log.error({ problem: errorMessage(error) }, 'an answer could not be kept for a repeated request')
    }
  }
}

/** Stands for whatever request an interrupted change belonged to. */
const ANY_REQUEST = '*'

/** Keeps the answer of a change that was interrupted and must not be carried out again. */
export async function keepInterrupted(
  store: IdempotencyStore,
  { caller, key, changeId }: { readonly caller: string; readonly key: string; readonly changeId: string },
): Promise<void> {
  const error = new AutoscaleError(
    'IDEMPOTENCY_CONFLICT',
    'the request with this Idempotency-Key was interrupted and its outcome is not known; look at the container, then use another key',
    { details: { change_id: changeId } },
  )
  const { status, body } = errorReply(error)
  await store.put({ key: storeKey(caller, key), request: ANY_REQUEST, status, body: { ...body } })
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

function storeKey(caller: string, key: string): string {
  return `${caller} ${key}`
}

function conflict(): AutoscaleError {
  return new AutoscaleError('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key was used for another request')
}
