import { AutoscaleError } from '@lxc-autoscale/core'
import { retryDelayMs, withRetries } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const settings = { maxRetries: 3, delayMs: 1_000 }

test.each([
  [1, 500, 1_000],
  [2, 1_000, 2_000],
  [3, 2_000, 4_000],
  [20, 15_000, 30_000],
])('waits before repetition %d from %d to %d ms', (retry, leastMs, mostMs) => {
  expect(retryDelayMs(retry, settings, 0)).toBe(leastMs)
  expect(retryDelayMs(retry, settings, 0.999_999)).toBeCloseTo(mostMs, 0)
})

test('grows with every repetition, whatever the dice say', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (retry, random) => {
      expect(retryDelayMs(retry + 1, settings, 0)).toBeGreaterThanOrEqual(retryDelayMs(retry, settings, random) - 1e-9)
    }),
  )
})

function failing(error: AutoscaleError) {
  const calls: number[] = []
  const clock = new FakeClock()
  const signal = new AbortController()
  const context = { ...settings, clock, random: () => 0, signal: signal.signal }
  const result = withRetries(context, async () => {
    calls.push(clock.monotonicMs())
    throw error
  })
  result.catch(() => undefined)
  return { calls, clock, signal, result }
}

test('repeats what can be repeated, and gives the last failure in the end', async () => {
  const error = new AutoscaleError('SCALING_API_UNREACHABLE', 'refused')
  const { calls, clock, result } = failing(error)
  await clock.advance(60_000)
  await expect(result).rejects.toBe(error)
  expect(calls).toEqual([0, 500, 1_500, 3_500])
})

test.each([
  ['what would fail again', new AutoscaleError('PCT_FAILED', 'no')],
  ['what must wait for the host', new AutoscaleError('CONTAINER_LOCKED', 'backup')],
  [
    'what an open breaker refuses',
    new AutoscaleError('SCALING_API_UNREACHABLE', 'open', { details: { breaker: 'open' } }),
  ],
])('does not repeat %s', async (_, error) => {
  const { calls, clock, result } = failing(error)
  await clock.advance(60_000)
  await expect(result).rejects.toBe(error)
  expect(calls).toHaveLength(1)
})

test('waits as long as the API asks for', async () => {
  const details = { retry_after_ms: 7_000 }
  const { calls, clock } = failing(new AutoscaleError('RATE_LIMITED', 'slow down', { details }))
  await clock.advance(7_000)
  expect(calls).toEqual([0, 7_000])
})

test('gives up at once when the API asks for more patience than a cycle has', async () => {
  const details = { retry_after_ms: 120_000 }
  const { result } = failing(new AutoscaleError('RATE_LIMITED', 'slow down', { details }))
  await expect(result).rejects.toMatchObject({ code: 'RATE_LIMITED' })
})

test('stops waiting when the daemon is asked to stop', async () => {
  const { calls, signal, result } = failing(new AutoscaleError('SCALING_API_UNREACHABLE', 'no'))
  await new Promise(resolve => setImmediate(resolve))
  signal.abort()
  await expect(result).rejects.toMatchObject({ code: 'SCALING_API_UNREACHABLE' })
  expect(calls).toHaveLength(1)
})
