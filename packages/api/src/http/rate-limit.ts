import { AutoscaleError, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ANYBODY } from './caller.ts'
import { isLocalClient, sourceOf } from './client-address.ts'
import { isReading } from './same-origin.ts'

export interface RateLimitSettings {
  readonly enabled: boolean
  readonly max_requests_per_minute: number
  readonly max_changes_per_minute: number
  readonly time_window_seconds: number
}

/** Counts a request of a client; its promise rejects with RATE_LIMITED when there were too many. */
export type RateCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

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
  const perAddress = check(maxRequests, request => sourceOf(request.ip))
  const perKey = check(maxRequests, request => request.caller.key)
  const changesPerKey = check(maxChanges, request => request.caller.key)
  const isRemote = ({ socket, headers }: FastifyRequest) => !isLocalClient({ peer: socket.remoteAddress, headers })
  return {
    async ofAddress(request, reply) {
      if (settings.enabled && isRemote(request)) await perAddress(request, reply)
    },
    async ofKey(request, reply) {
      if (!settings.enabled) return
      if (request.caller !== ANYBODY && isRemote(request)) await perKey(request, reply)
      if (!isReading(request.method)) await changesPerKey(request, reply)
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
