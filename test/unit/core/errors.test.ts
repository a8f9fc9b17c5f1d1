import { AutoscaleError, ERROR_CODES, type ErrorCode, errorVerdict, isErrorCode } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'

// What the pages of the project promise about statuses, and what clients may rely on about trying again.
test.each<[ErrorCode, number, boolean]>([
  ['INVALID_REQUEST', 400, false],
  ['UNAUTHORIZED', 401, false],
  ['CONTAINER_NOT_FOUND', 404, false],
  ['NODE_NOT_FOUND', 404, false],
  ['METHOD_NOT_ALLOWED', 405, false],
  ['ALLOCATION_MOVED', 409, false],
  ['STATE_NOT_ALLOWED', 409, false],
  ['OUT_OF_BOUNDS', 409, false],
  ['MEMORY_BELOW_FLOOR', 409, true],
  ['HOST_CAPACITY', 409, true],
  ['BODY_TOO_LARGE', 413, false],
  ['UNSUPPORTED_MEDIA_TYPE', 415, false],
  ['CONTAINER_LOCKED', 423, true],
  ['RATE_LIMITED', 429, true],
  ['QUEUE_FULL', 429, true],
  ['PCT_FAILED', 502, false],
  ['NO_QUORUM', 503, true],
  ['NODE_OFFLINE', 503, true],
  ['PCT_MISSING', 503, true],
  ['HOST_UNREADABLE', 503, true],
  ['AUDIT_UNAVAILABLE', 503, true],
  ['PCT_TIMEOUT', 504, false],
])('%s is answered with %i; trying it again may help: %s', (code, status, isRetryable) => {
  expect(errorVerdict(code).status).toBe(status)
  expect(new AutoscaleError(code, 'text').retryable).toBe(isRetryable)
})

test('only what was tried on the host, or was not answered, may have changed it', () => {
  const touching = ERROR_CODES.filter(code => errorVerdict(code).leaves !== 'untouched')
  expect(touching).toEqual([
    'PCT_FAILED',
    'PCT_TIMEOUT',
    'OUTCOME_UNKNOWN',
    'IDEMPOTENCY_CONFLICT',
    'SCALING_API_UNREACHABLE',
    'SCALING_API_MALFORMED',
    'INTERNAL',
  ])
})

test('whoever throws may know better than the code what is left', () => {
  expect(new AutoscaleError('CONTAINER_LOCKED', 'text').leaves).toBe('untouched')
  expect(new AutoscaleError('CONTAINER_LOCKED', 'text', { leaves: 'half-done' }).leaves).toBe('half-done')
})

test('each code has a sentence that says what it means', () => {
  for (const code of ERROR_CODES) expect(errorVerdict(code).text, code).toMatch(/^\w.* .*\.$/)
})

test('no other word is taken for a code, not even a property that every object has', () => {
  expect(['PCT_FAILED', 'pct_failed', 'toString', ''].map(isErrorCode)).toEqual([true, false, false, false])
})
