import { AutoscaleError, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLocalClient, sourceOf } from './client-address.ts'

export interface RateLimitSettings {
  readonly enabled: boolean
  readonly max_requests_per_minute: number
  readonly max_changes_per_minute: number
  readonly time_window_seconds: number
}

/** Counts a request of a client; its promise rejects with RATE_LIMITED when there were too many. */
export type RateCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

export interface RateLimits {
  /** Whether this client is counted at all. */
  isCounted(request: FastifyRequest): boolean
  readonly perAddress: RateCheck
  /** Counts by the name of the key, so that one key has one allowance from wherever it is used. */
  readonly perKey: RateCheck
  /** Counts a changing request by the name of the key, also of a local client. */
  readonly changesPerKey: RateCheck
}

/** The limits of requests per address and per key. Needs @fastify/rate-limit to be registered. */
export function rateLimits(app: FastifyInstance, settings: RateLimitSettings): RateLimits {
  const { max_requests_per_minute: maxRequests, max_changes_per_minute: maxChanges } = settings
  const check = (max: number, keyGenerator: (request: FastifyRequest) => string): RateCheck => {
    const timeWindow = settings.time_window_seconds * MS_PER_SECOND
    const limit = app.createRateLimit({ max, timeWindow, keyGenerator })
    return async (request, reply) => {
      const state = await limit(request)
      if (state.isAllowed) return
      reply.header('x-ratelimit-limit', state.max)
      reply.header('x-ratelimit-remaining', state.remaining)
      reply.header('x-ratelimit-reset', state.ttlInSeconds)
      if (state.isExceeded) throw tooMany(max, settings, state.ttlInSeconds)
    }
  }
  return {
    isCounted: ({ socket, headers }) => settings.enabled && !isLocalClient({ peer: socket.remoteAddress, headers }),
    perAddress: check(maxRequests, request => sourceOf(request.ip)),
    perKey: check(maxRequests, request => request.caller.key),
    changesPerKey: settings.enabled ? check(maxChanges, request => request.caller.key) : () => Promise.resolve(),
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
