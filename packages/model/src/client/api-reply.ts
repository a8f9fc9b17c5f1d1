import { AutoscaleError, ERROR_CODES, ErrorBody, type ErrorCode } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { ApiReply } from './transport.ts'

/** Codes that say the whole API cannot work for us, not that it refuses one request. */
const API_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'SCALING_API_UNREACHABLE',
  'SCALING_API_MALFORMED',
  'UNAUTHORIZED',
  'HOST_NOT_ALLOWED',
])

/** Whether `error` counts against the API as a whole. */
export function isApiFailure(error: unknown): boolean {
  return error instanceof AutoscaleError && API_FAILURES.has(error.code)
}

/** Codes after which the same request may succeed in a moment. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'QUEUE_FULL'])

/** Every success: data without it is none, whatever the status says. */
const Envelope = z.object({ status: z.literal('success'), data: z.unknown() })

/** Statuses that a proxy answers when the API behind it does not. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])

/**
 * The `data` of a success.
 * @throws {AutoscaleError} the code that the API gave; SCALING_API_MALFORMED when the answer is not its contract;
 * ROUTE_NOT_FOUND when an older API does not know the route; SCALING_API_UNREACHABLE when only a proxy answered.
 */
export function readData<Schema extends z.ZodType>(what: string, reply: ApiReply, schema: Schema): z.output<Schema> {
  if (reply.status < 200 || reply.status > 299) throw refusal(what, reply)
  const envelope = Envelope.safeParse(reply.body)
  if (!envelope.success) throw malformed(what, firstIssue(envelope.error))
  const result = schema.safeParse(envelope.data.data)
  if (result.success) return result.data
  throw malformed(what, firstIssue(result.error))
}

export function malformed(what: string, problem: string): AutoscaleError {
  return new AutoscaleError('SCALING_API_MALFORMED', `${what}: the answer is not what the API promises: ${problem}`)
}

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue === undefined ? 'unknown' : `${issue.path.join('.') || 'the body'}: ${issue.message}`
}

function refusal(what: string, { status, body, retryAfterMs }: ApiReply): AutoscaleError {
  const result = ErrorBody.safeParse(body)
  const code = result.success ? errorCode(result.data.error) : undefined
  const said = result.success ? result.data.message : `status ${status}`
  if (code !== undefined) {
    return new AutoscaleError(code, `${what}: ${said}`, {
      retryable: TRANSIENT.has(code),
      details: { status, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) },
    })
  }
  return withoutCode(`${what}: ${said}`, { status, body, retryAfterMs })
}

/** A refusal without a code of ours: the older API, which has none, or a proxy. */
function withoutCode(message: string, { status, body, retryAfterMs }: ApiReply): AutoscaleError {
  const details = { status, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) }
  if (status === 404 || status === 405) return new AutoscaleError('ROUTE_NOT_FOUND', message, { details })
  if (status === 401 || status === 403) return new AutoscaleError('UNAUTHORIZED', message, { details })
  if (status === 429) return new AutoscaleError('RATE_LIMITED', message, { retryable: true, details })
  if (status === 400) return new AutoscaleError('INVALID_REQUEST', message, { details })
  if (GATEWAY_STATUSES.has(status) && !isOlderFailure(body)) {
    return new AutoscaleError('SCALING_API_UNREACHABLE', message, { retryable: true, details })
  }
  if (status >= 500) return new AutoscaleError('PCT_FAILED', message, { details })
  return new AutoscaleError('SCALING_API_MALFORMED', message, { details })
}

/** The older API answers `{"status":"error","message":...}` to everything that failed. */
function isOlderFailure(body: unknown): boolean {
  return z.looseObject({ status: z.literal('error'), message: z.string() }).safeParse(body).success
}

function errorCode(text: string): ErrorCode | undefined {
  return Object.hasOwn(ERROR_CODES, text) ? (text as ErrorCode) : undefined
}
