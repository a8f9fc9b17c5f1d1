import { AutoscaleError, ErrorBody, type ErrorCode, errorVerdict, isErrorCode } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { ApiReply } from './transport.ts'

/** Whether `error` counts against the API as a whole: it cannot work for us, and does not only refuse one request. */
export function isApiFailure(error: unknown): boolean {
  if (!(error instanceof AutoscaleError)) return false
  const { blames } = errorVerdict(error.code)
  return blames === 'connection' || blames === 'api'
}

/** Every success: data without it is none, whatever the status says. */
const Envelope = z.object({ status: z.literal('success'), data: z.unknown() })

/** Statuses that a proxy answers when the API behind it does not. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])

/**
 * The `data` of a success.
 * @throws {AutoscaleError} the code that the API gave; SCALING_API_MALFORMED when the answer is not its contract, or the
 * API has no such route; SCALING_API_UNREACHABLE when only a proxy answered.
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
  const code = result.success && isErrorCode(result.data.error) ? result.data.error : codeOfStatus(status)
  if (code === 'ROUTE_NOT_FOUND' || code === 'METHOD_NOT_ALLOWED') {
    return malformed(what, 'it has no such route; is this lxc_autoscale_api, of the version of this model?')
  }
  const said = `${what}: ${result.success ? result.data.message : `status ${status}`}`
  return new AutoscaleError(code, said, {
    details: { status, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) },
  })
}

/** What a refusal without a code of ours means: it is of a proxy, or of something else that listens there. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 404 || status === 405) return 'ROUTE_NOT_FOUND'
  if (status === 401 || status === 403) return 'UNAUTHORIZED'
  if (status === 429) return 'RATE_LIMITED'
  return GATEWAY_STATUSES.has(status) ? 'SCALING_API_UNREACHABLE' : 'SCALING_API_MALFORMED'
}
