import type { ErrorBody } from '@lxc-autoscale/core'
import { endSession, sessionKey } from './session.ts'

/** A failure of the API, in its own words. */
export class ApiError extends Error {
  /** Status of the answer; 0: there was none. */
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}

/** A success of the API. */
export interface Answer<Data> {
  readonly data: Data
  readonly message: string
  readonly changeId: string | undefined
  readonly warning: string | undefined
}

export type Query = Readonly<Record<string, string | number | undefined>>

interface Asked {
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** Another key than that of the session; one that is refused does not end the session then. */
  readonly key?: string
}

/** The API that serves this page. */
export const api = {
  /** @throws {ApiError} */
  async get<Data>(path: string, query: Query = {}, asked: Omit<Asked, 'body'> = {}): Promise<Data> {
    const { data } = await ask<Data>('GET', `${path}${queryText(query)}`, asked)
    return data
  },
  /** A change, or what is like one. Sent twice by the network, it is made once. @throws {ApiError} */
  post<Data>(path: string, body: unknown, asked: Omit<Asked, 'body'> = {}): Promise<Answer<Data>> {
    return ask<Data>('POST', path, { ...asked, body })
  },
  /** @throws {ApiError} */
  delete<Data>(path: string): Promise<Answer<Data>> {
    return ask<Data>('DELETE', path, {})
  },
}

/** The headers by which the session says who it is. */
export function keyHeaders(key = sessionKey.value): Record<string, string> {
  return key === undefined ? {} : { 'x-api-key': key }
}

/** What an answer that is no success says. */
export async function failureOf(response: Response): Promise<ApiError> {
  const body: Partial<ErrorBody> = await response.json().catch(() => ({}))
  const { error = 'UNREADABLE', message = `the API answered ${response.status} and no reason` } = body
  return new ApiError(response.status, error, message)
}

function queryText(query: Query): string {
  const set = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`
}

async function ask<Data>(method: string, path: string, { body, signal, key }: Asked): Promise<Answer<Data>> {
  const headers: Record<string, string> = { accept: 'application/json', ...keyHeaders(key) }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET') headers['idempotency-key'] = newKey()
  const response = await fetch(path, {
    method,
    headers,
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'UNREACHABLE', 'the API does not answer; is lxc_autoscale_api running?')
  })
  if (!response.ok) {
    const failure = await failureOf(response)
    if (failure.status === 401 && key === undefined) endSession()
    throw failure
  }
  const { data, message = '', change_id: changeId, warning } = await response.json()
  return { data, message, changeId, warning }
}

/** `crypto.randomUUID` is there only over TLS and on the loopback address. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}
