import { AutoscaleError, type Role } from '@lxc-autoscale/core'
import type { FastifyRequest } from 'fastify'
import { type Caller, NOBODY, requireRole } from './caller.ts'
import type { KeyRing } from './key-ring.ts'

/** Who may use a route: everybody, or a key with this role or a higher one. */
export type Access = 'public' | Role

export interface Authentication {
  readonly keys: KeyRing
  /** What to tell somebody who has no key when there is none. */
  readonly keyPlace: string
}

/**
 * Who makes the request.
 * @throws {AutoscaleError} UNAUTHORIZED for no or a wrong key, FORBIDDEN when its role is too low for the route, RATE_LIMITED
 * when it cannot be checked now
 */
export function authenticate(
  request: FastifyRequest,
  access: Access,
  authentication: Authentication,
): Caller | Promise<Caller> {
  const key = presentedKey(request)
  const isMissing = key === undefined || authentication.keys.isEmpty
  if (isMissing) return access === 'public' ? NOBODY : refuse(authentication)
  const found = authentication.keys.find(key, request.ip)
  if (found instanceof Promise) return found.then(caller => admit(caller, request, access))
  return admit(found, request, access)
}

function admit(caller: Caller | undefined, request: FastifyRequest, access: Access): Caller {
  if (caller === undefined) throw new AutoscaleError('UNAUTHORIZED', 'wrong API key')
  if (access !== 'public') requireRole(caller, access, () => `${request.method} ${request.route.url}`)
  return caller
}

function refuse({ keys, keyPlace }: Authentication): never {
  const message = keys.isEmpty
    ? `no API key is configured: ${keyPlace}`
    : 'missing API key: send it in the header X-API-Key, as Authorization: Bearer KEY, or, for GET only, as ?api_key='
  throw new AutoscaleError('UNAUTHORIZED', message)
}

/** The headers go before the query, which counts only where nothing can be changed. */
function presentedKey(request: FastifyRequest): string | undefined {
  const { 'x-api-key': header, authorization } = request.headers
  if (header !== undefined) return String(header)
  const bearer = /^bearer +(.+)$/i.exec(authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  const query: unknown = request.query
  if (typeof query !== 'object' || query === null || !('api_key' in query)) return undefined
  return String(query.api_key)
}
