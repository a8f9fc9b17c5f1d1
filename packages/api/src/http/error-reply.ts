import { AutoscaleError, asObject, type ErrorCode, type ErrorVerdict, errorVerdict } from '@lxc-autoscale/core'

/** Seconds after which a refused request may be sent again, where the error does not say. */
const RETRY_AFTER_SECONDS = 5

/** What a failed request is answered with. */
export interface ErrorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly leaves: ErrorVerdict['leaves']
  readonly body: { readonly status: 'error'; readonly error: ErrorCode; readonly message: string }
}

/** The answer to `error`, whatever was thrown. Nothing of a bug but that it is one reaches the client. */
export function errorReply(error: unknown): ErrorReply {
  const known = error instanceof AutoscaleError ? error : translate(error)
  const { code, message, details, leaves } = known
  const { status } = errorVerdict(code)
  return {
    status,
    leaves,
    headers: {
      ...(status === 429 || status === 503
        ? { 'retry-after': String(details['retry_after_seconds'] ?? RETRY_AFTER_SECONDS) }
        : {}),
      ...(status === 401 ? { 'www-authenticate': 'ApiKey realm="lxc-autoscale"' } : {}),
      ...(status === 405 ? { allow: String(details['allow']) } : {}),
    },
    body: { status: 'error', error: code, message, ...withoutReserved(details) },
  }
}

/** What Fastify and Node.js throw for requests that they cannot take, by their codes. */
const FRAMEWORK_ERRORS: Readonly<Record<string, { readonly code: ErrorCode; readonly message: string }>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'the body must be JSON, sent with the header Content-Type: application/json',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'BODY_TOO_LARGE', message: 'the body is larger than this API accepts' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'INVALID_REQUEST', message: 'the body is empty; it must be a JSON object' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'INVALID_REQUEST', message: 'the body is not valid JSON' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'INVALID_REQUEST',
    message: 'the body is not as long as its Content-Length',
  },
  FST_ERR_BAD_URL: { code: 'INVALID_REQUEST', message: 'the path is not a valid URL' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'REQUEST_TIMEOUT', message: 'the request was not sent in time' },
  HPE_HEADER_OVERFLOW: { code: 'BODY_TOO_LARGE', message: 'the headers are larger than this API accepts' },
}

function translate(error: unknown): AutoscaleError {
  const { code, statusCode: status } = asObject(error) ?? {}
  const known = typeof code === 'string' ? FRAMEWORK_ERRORS[code] : undefined
  if (known !== undefined) return new AutoscaleError(known.code, known.message)
  if (error instanceof SyntaxError && status === 400)
    return new AutoscaleError('INVALID_REQUEST', 'the body is not valid JSON')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new AutoscaleError('INVALID_REQUEST', 'the request cannot be understood')
  }
  return new AutoscaleError('INTERNAL', 'a bug; the log of the daemon has the details', { cause: error })
}

/** Facts beside the message cannot take the place of the fields that every error has. */
function withoutReserved(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { status, error, message, ...others } = details
  return others
}
