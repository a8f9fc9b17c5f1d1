import { AutoscaleError, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ANYBODY } from './caller.ts'
import { isLocalClient, sourceOf } from './client-address.ts'
import { isReading } from './same-origin.ts'
import { thenOrNow } from './then-or-now.ts'

export interface RateLimitSettings {
  readonly enabled: boolean
  readonly max_requests_per_minute: number
  readonly max_changes_per_minute: number
  readonly time_window_seconds: number
}

/**
 * Counts a request of a client; the promise rejects with RATE_LIMITED when there were too many. None: it is not counted.
 */
export type RateCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void> | void

export interface RateLimits {
  /** By the address it comes from; not of local clients. */
  readonly ofAddress: RateCheck
  /**
   * By the name of its key, so that one key has one allowance from wherever it is used. Of local clients only changing
   * requests are counted: each of them leaves a line in the audit log.
   */
  readonly ofKey: RateCheck
}

/** The limits of requests per address and per key. Needs @fastify/rate-limit to be registered. */
export function rateLimits(app: FastifyInstance, settings: RateLimitSettings): RateLimits {
  const { max_requests_per_minute: maxRequests, max_changes_per_minute: maxChanges } = settings
  const check = (max: number, keyGenerator: (request: FastifyRequest) => string) => {
    const timeWindow = settings.time_window_seconds * MS_PER_SECOND
    const limit = app.createRateLimit({ max, timeWindow, keyGenerator })
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const state = await limit(request)
      if (state.isAllowed) return
      reply.header('x-ratelimit-limit', state.max)
      reply.header('x-ratelimit-remaining', state.remaining)
      reply.header('x-ratelimit-reset', state.ttlInSeconds)
      if (state.isExceeded) throw tooMany(max, settings, state.ttlInSeconds)
    }
  }
  const perAddress = check(maxRequests, request => sourceOf(request.ip))
  const perKey = check(maxRequests, request => request.caller.key)
  const changesPerKey = check(maxChanges, request => request.caller.key)
  const isRemote = ({ socket, headers }: FastifyRequest) => !isLocalClient({ peer: socket.remoteAddress, headers })
  if (!settings.enabled) return { ofAddress: () => undefined, ofKey: () => undefined }
  return {
    ofAddress: (request, reply) => (isRemote(request) ? perAddress(request, reply) : undefined),
    ofKey(request, reply) {
      const ofAll = request.caller !== ANYBODY && isRemote(request) ? perKey(request, reply) : undefined
      if (isReading(request.method)) return ofAll
      return thenOrNow(ofAll, () => changesPerKey(request, reply))
    },
  }
}

function tooMany(
  limit: number,
  { time_window_seconds: windowSeconds }: RateLimitSettings,
  retryAfterSeconds: number,
): AutoscaleError {
  return new AutoscaleError('RATE_LIMITED', `more than ${limit} requests in ${windowSeconds} s; try again later`, {
    details: { limit, window_seconds: windowSeconds, retry_after_seconds: retryAfterSeconds },
  })
}
