/**
 * Every code that an AutoscaleError can carry, with what it means. README.md documents each of them and no other.
 * The API answers with the code in the field `error`; which HTTP status goes with it is decided in one place there.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: 'A configuration file cannot be used; the message names each problem.',
  ALREADY_RUNNING: 'Another process of the same daemon holds the lock.',
  STATE_INVALID: 'A saved state or model file is damaged or of another version.',
  INVALID_REQUEST: 'A parameter is missing, malformed or out of range.',
  UNAUTHORIZED: 'No API key, or a wrong one.',
  FORBIDDEN: 'The API key has no right to do this, or not to this container.',
  HOST_NOT_ALLOWED: 'The Host header of the request is not one that this API serves.',
  ROUTE_NOT_FOUND: 'There is no such route.',
  METHOD_NOT_ALLOWED: 'The route exists, but not with this method.',
  BODY_TOO_LARGE: 'The request body is larger than the API accepts.',
  UNSUPPORTED_MEDIA_TYPE: 'The request body is not JSON.',
  RATE_LIMITED: 'Too many requests from this address; try again later.',
  QUEUE_FULL: 'Too many changes are waiting for pct; try again later.',
  CONTAINER_NOT_FOUND: 'There is no such container on this host.',
  NODE_NOT_FOUND: 'The cluster has no such node.',
  SNAPSHOT_NOT_FOUND: 'The container has no such snapshot.',
  CHANGE_NOT_FOUND: 'The audit log has no such change.',
  ALREADY_EXISTS: 'A container or snapshot of that name exists already.',
  ALLOCATION_MOVED: 'The container no longer has the allocation that the request expected.',
  STATE_NOT_ALLOWED: 'The container is in a state that does not allow this.',
  MEMORY_BELOW_FLOOR: 'The memory limit would be below what the container cannot give up.',
  HOST_CAPACITY: 'The host cannot carry the larger allocation.',
  OUT_OF_BOUNDS: 'The value is outside the bounds that the administrator set.',
  CONTAINER_LOCKED: 'Proxmox holds a lock on the container.',
  NO_QUORUM: 'The cluster has no quorum, so Proxmox accepts no change.',
  PCT_MISSING: 'The command pct, pvesh or pvecm is not installed or not on PATH.',
  PCT_FAILED: 'pct ended with an error that has no code of its own.',
  PCT_TIMEOUT: 'pct did not end within its time limit and was stopped.',
  HOST_UNREADABLE: 'A file of the kernel or of Proxmox cannot be read.',
  REQUEST_TIMEOUT: 'The client did not send its request in time.',
  IDEMPOTENCY_CONFLICT:
    'The Idempotency-Key was used for another request, or the outcome of that request is not known.',
  AUDIT_UNAVAILABLE: 'The audit log cannot be written, so nothing is changed.',
  CANCELLED: 'The client went away before the change was started.',
  SCALING_API_UNREACHABLE: 'The scaling API does not answer, or its circuit breaker is open.',
  SCALING_API_MALFORMED: 'The scaling API answered something that is not its contract.',
  INTERNAL: 'A bug; the log of the daemon has the details.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export interface AutoscaleErrorOptions {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean
  readonly cause?: unknown
  /** Further facts for the caller, as the API sends them beside `message`. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** An expected failure. Anything else that is thrown is a bug and ends the process. */
export class AutoscaleError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: AutoscaleErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AutoscaleError'
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
  }
}

/** One problem of a configuration file. `line` is 1-based, undefined when the problem has no place in the file. */
export interface ConfigProblem {
  readonly file: string
  readonly line: number | undefined
  /** Dotted path of the key, empty for the file as a whole. */
  readonly key: string
  readonly message: string
}

/** All problems of one configuration file at once. */
export class ConfigError extends AutoscaleError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super('CONFIG_INVALID', problems.map(formatConfigProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** `FILE:LINE: KEY: MESSAGE`, without the parts that are not known. */
function formatConfigProblem({ file, line, key, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`
  return key === '' ? `${place}: ${message}` : `${place}: ${key}: ${message}`
}

/** The `code` of a Node.js system error (`ENOENT`, ...), undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What an unknown thrown value says. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
