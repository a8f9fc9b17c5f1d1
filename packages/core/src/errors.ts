/** What an error code means, for whoever has to act on it. */
export interface ErrorVerdict {
  /** HTTP status that the API answers with. */
  readonly status: number
  /**
   * What the failure leaves on the host. `untouched`: nothing was changed. `half-done`: it was tried and did not work; a
   * part of it may stay. `unknown`: nobody saw how it ended, so it may be done.
   */
  readonly leaves: 'untouched' | 'half-done' | 'unknown'
  /**
   * Where the cause lies. `caller`: in the request. `container`, `host`: there. `api`: in the API, whose answer means
   * nothing. `connection`: between caller and API, so that no request gets through. `nobody`: it is in the way of things.
   */
  readonly blames: 'caller' | 'container' | 'host' | 'api' | 'connection' | 'nobody'
  /**
   * When the same request may succeed without anybody changing anything. `soon`: within seconds. `later`: once the host
   * is otherwise. `never`: it would be refused or fail again.
   */
  readonly retry: 'soon' | 'later' | 'never'
  readonly text: string
}

type Row = readonly [
  status: ErrorVerdict['status'],
  leaves: ErrorVerdict['leaves'],
  blames: ErrorVerdict['blames'],
  retry: ErrorVerdict['retry'],
  text: string,
]

/** The one table of all that can go wrong. README.md documents each code and no other; the API answers with it in `error`. */
// biome-ignore format: one row per code
const ROWS = {
  CONFIG_INVALID: [500, 'untouched', 'caller', 'never', 'A configuration file cannot be used; the message names each problem.'],
  ALREADY_RUNNING: [500, 'untouched', 'nobody', 'never', 'Another process of the same daemon holds the lock.'],
  STATE_INVALID: [500, 'untouched', 'host', 'never', 'A saved state, lock or metrics file is damaged, of another version, or no regular file.'],
  INVALID_REQUEST: [400, 'untouched', 'caller', 'never', 'A parameter is missing, malformed or out of range.'],
  UNAUTHORIZED: [401, 'untouched', 'connection', 'never', 'No API key, or a wrong one.'],
  FORBIDDEN: [403, 'untouched', 'caller', 'never', 'The API key has no right to do this, or not to this container.'],
  HOST_NOT_ALLOWED: [403, 'untouched', 'connection', 'never', 'The Host header of the request is not one that this API serves.'],
  ROUTE_NOT_FOUND: [404, 'untouched', 'caller', 'never', 'There is no such route.'],
  METHOD_NOT_ALLOWED: [405, 'untouched', 'caller', 'never', 'The route exists, but not with this method.'],
  BODY_TOO_LARGE: [413, 'untouched', 'caller', 'never', 'The request body is larger than the API accepts.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'untouched', 'caller', 'never', 'The request body is not JSON.'],
  RATE_LIMITED: [429, 'untouched', 'caller', 'soon', 'Too many requests from this address or with this key; try again later.'],
  QUEUE_FULL: [429, 'untouched', 'nobody', 'soon', 'Too many changes, or replays, wait for their turn; try again later.'],
  CONTAINER_NOT_FOUND: [404, 'untouched', 'caller', 'never', 'There is no such container on this host.'],
  NODE_NOT_FOUND: [404, 'untouched', 'caller', 'never', 'The cluster has no such node.'],
  NODE_OFFLINE: [503, 'untouched', 'host', 'later', 'The cluster has this node, but it cannot be reached now.'],
  SNAPSHOT_NOT_FOUND: [404, 'untouched', 'caller', 'never', 'The container has no such snapshot.'],
  CHANGE_NOT_FOUND: [404, 'untouched', 'caller', 'never', 'The audit log has no such change.'],
  REPLAY_NOT_FOUND: [404, 'untouched', 'caller', 'never', 'There is no such replay, or it ended a while ago.'],
  ALREADY_EXISTS: [409, 'untouched', 'caller', 'never', 'A container or snapshot of that name exists already.'],
  ALLOCATION_MOVED: [409, 'untouched', 'caller', 'never', 'The container no longer has the allocation that the request expected.'],
  STATE_NOT_ALLOWED: [409, 'untouched', 'nobody', 'never', 'The container, or what it lies on, is in a state that does not allow this.'],
  MEMORY_BELOW_FLOOR: [409, 'untouched', 'nobody', 'later', 'The memory limit would be below what the container cannot give up.'],
  HOST_CAPACITY: [409, 'untouched', 'nobody', 'later', 'The host cannot carry the larger allocation.'],
  OUT_OF_BOUNDS: [409, 'untouched', 'caller', 'never', 'The value is outside the bounds that the administrator set.'],
  CONTAINER_LOCKED: [423, 'untouched', 'nobody', 'later', 'Proxmox holds a lock on the container.'],
  NO_QUORUM: [503, 'untouched', 'host', 'later', 'The cluster has no quorum, so Proxmox accepts no change.'],
  PCT_MISSING: [503, 'untouched', 'host', 'later', 'The command pct, pvesh or pvecm is not installed or not on PATH.'],
  PCT_FAILED: [502, 'half-done', 'container', 'never', 'pct ended with an error that has no code of its own.'],
  PCT_TIMEOUT: [504, 'unknown', 'container', 'never', 'pct did not end within its time limit and was stopped; or the REST interface of Proxmox did not, and goes on.'],
  REST_UNREACHABLE: [503, 'untouched', 'host', 'later', 'The REST interface of Proxmox cannot be reached, or shows another certificate than it should.'],
  REST_NOT_ALLOWED: [503, 'untouched', 'host', 'later', 'Proxmox does not accept the API token, or the token lacks a privilege.'],
  OUTCOME_UNKNOWN: [502, 'unknown', 'container', 'never', 'The change was carried out or asked for, but what came of it cannot be seen.'],
  HOST_UNREADABLE: [503, 'untouched', 'host', 'later', 'A file of the kernel or of Proxmox cannot be read.'],
  REQUEST_TIMEOUT: [408, 'untouched', 'caller', 'soon', 'The client did not send its request in time.'],
  IDEMPOTENCY_CONFLICT: [409, 'unknown', 'caller', 'never', 'The Idempotency-Key was used for another request, or the outcome of that request is not known.'],
  AUDIT_UNAVAILABLE: [503, 'untouched', 'host', 'later', 'The audit log cannot be written, so nothing is changed.'],
  CANCELLED: [503, 'untouched', 'nobody', 'soon', 'The client went away, or the service stopped, before the change was started.'],
  SCALING_API_UNREACHABLE: [500, 'unknown', 'connection', 'soon', 'The scaling API does not answer, or its circuit breaker is open.'],
  SCALING_API_MALFORMED: [500, 'unknown', 'api', 'never', 'The scaling API answered something that is not its contract.'],
  INTERNAL: [500, 'half-done', 'container', 'never', 'A bug; the log of the daemon has the details.'],
} as const satisfies Readonly<Record<string, Row>>

/** Every code that an AutoscaleError can carry. */
export type ErrorCode = keyof typeof ROWS

/** Whether a text, such as the field `error` of an answer, is one of our codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ROWS, text)
}

/** All codes, in the order of the table. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ROWS).filter(isErrorCode)

/** What `code` means. */
export function errorVerdict(code: ErrorCode): ErrorVerdict {
  const [status, leaves, blames, retry, text] = ROWS[code]
  return { status, leaves, blames, retry, text }
}

export interface AutoscaleErrorOptions {
  readonly cause?: unknown
  /** Further facts for the caller, as the API sends them beside `message`. */
  readonly details?: Readonly<Record<string, unknown>>
  /** What is left on the host, where whoever throws knows better than the code tells. */
  readonly leaves?: ErrorVerdict['leaves'] | undefined
}

/** An expected failure. Anything else that is thrown is a bug and ends the process. */
export class AutoscaleError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly leaves: ErrorVerdict['leaves']

  constructor(code: ErrorCode, message: string, options: AutoscaleErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AutoscaleError'
    this.code = code
    this.details = options.details ?? {}
    this.leaves = options.leaves ?? errorVerdict(code).leaves
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return errorVerdict(this.code).retry !== 'never'
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
