import { AutoscaleError, type ErrorCode, type OutcomeKind } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { outcomeOfError } from '../../../../packages/model/src/client/apply-outcome.ts'

test.each<[ErrorCode, OutcomeKind]>([
  ['ALLOCATION_MOVED', 'moved'],
  ['CONTAINER_LOCKED', 'locked'],
  ['STATE_NOT_ALLOWED', 'refused'],
  ['MEMORY_BELOW_FLOOR', 'refused'],
  ['HOST_CAPACITY', 'refused'],
  ['OUT_OF_BOUNDS', 'refused'],
  ['FORBIDDEN', 'refused'],
  ['CONTAINER_NOT_FOUND', 'refused'],
  ['INVALID_REQUEST', 'refused'],
  ['SCALING_API_UNREACHABLE', 'unreachable'],
  ['SCALING_API_MALFORMED', 'failed'],
  ['UNAUTHORIZED', 'failed'],
  ['RATE_LIMITED', 'failed'],
  ['QUEUE_FULL', 'failed'],
  ['IDEMPOTENCY_CONFLICT', 'failed'],
  ['NO_QUORUM', 'failed'],
  ['PCT_FAILED', 'failed'],
  ['PCT_TIMEOUT', 'failed'],
])('a change that ended in %s was %s', (code, kind) => {
  expect(outcomeOfError(101, new AutoscaleError(code, 'why'))).toEqual({
    vmid: 101,
    kind,
    code,
    text: 'why',
    confirmed: undefined,
  })
})
