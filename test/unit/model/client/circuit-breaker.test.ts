import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { CircuitBreaker } from '../../../../packages/model/src/client/circuit-breaker.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const THRESHOLD = 3
const TIMEOUT_MS = 60_000

class Failure extends Error {}
class Refusal extends Error {}
class Silence extends Error {}

let clock: FakeClock
let changes: string[]
let breaker: CircuitBreaker

function newBreaker(isEnabled = true): CircuitBreaker {
  return new CircuitBreaker({
    isEnabled,
    failureThreshold: THRESHOLD,
    timeoutMs: TIMEOUT_MS,
    name: 'the API',
    clock,
    judge(error) {
      if (error instanceof Failure) return 'failure'
      return error instanceof Refusal ? 'success' : 'nothing'
    },
    onChange: state => changes.push(state),
  })
}

beforeEach(() => {
  clock = new FakeClock()
  changes = []
  breaker = newBreaker()
})

const succeed = () => Promise.resolve('ok')
const failWith = (error: Error) => () => Promise.reject(error)

async function fail(times: number) {
  for (let time = 0; time < times; time++) {
    await expect(breaker.call(failWith(new Failure()))).rejects.toBeInstanceOf(Failure)
  }
}

test('opens after the set number of consecutive failures and then calls nothing', async () => {
  await fail(THRESHOLD)
  let calls = 0
  const call = breaker.call(async () => void calls++)
  await expect(call).rejects.toMatchObject({
    code: 'SCALING_API_UNREACHABLE',
    message: expect.stringContaining('60 s'),
  })
  expect(calls).toBe(0)
  expect(changes).toEqual(['open'])
})

test('begins to count anew after a success', async () => {
  await fail(THRESHOLD - 1)
  await breaker.call(succeed)
  await fail(THRESHOLD - 1)
  expect(breaker.state).toBe('closed')
})

test('takes a refusal for an answer, which is a success', async () => {
  await fail(THRESHOLD - 1)
  await expect(breaker.call(failWith(new Refusal()))).rejects.toBeInstanceOf(Refusal)
  await fail(THRESHOLD - 1)
  expect(breaker.state).toBe('closed')
})

test('does not count an error that says nothing about what is called', async () => {
  await fail(THRESHOLD - 1)
  await expect(breaker.call(failWith(new Silence()))).rejects.toBeInstanceOf(Silence)
  await fail(1)
  expect(breaker.state).toBe('open')
})

test('closes when the probe succeeds', async () => {
  await fail(THRESHOLD)
  await clock.advance(TIMEOUT_MS)
  await expect(breaker.call(succeed)).resolves.toBe('ok')
  expect(changes).toEqual(['open', 'half-open', 'closed'])
})

test('stays open for the whole time again when the probe fails', async () => {
  await fail(THRESHOLD)
  await clock.advance(TIMEOUT_MS)
  await fail(1)
  await clock.advance(TIMEOUT_MS - 1)
  await expect(breaker.call(succeed)).rejects.toMatchObject({ code: 'SCALING_API_UNREACHABLE' })
  await clock.advance(1)
  await expect(breaker.call(succeed)).resolves.toBe('ok')
})

test('lets others wait for the probe instead of probing beside it', async () => {
  await fail(THRESHOLD)
  await clock.advance(TIMEOUT_MS)
  let running = 0
  let most = 0
  const finish: (() => void)[] = []
  const slow = () =>
    new Promise<string>(resolve => {
      most = Math.max(most, ++running)
      finish.push(() => {
        running -= 1
        resolve('ok')
      })
    })
  const calls = [breaker.call(slow), breaker.call(slow), breaker.call(slow)]
  await clock.advance(0)
  expect(most).toBe(1)
  finish[0]?.()
  await clock.advance(0)
  for (const done of finish.slice(1)) done()
  await expect(Promise.all(calls)).resolves.toEqual(['ok', 'ok', 'ok'])
})

test('is not misled by a step of the time of day', async () => {
  await fail(THRESHOLD)
  clock.stepWallMs(-86_400_000)
  await clock.advance(TIMEOUT_MS)
  await expect(breaker.call(succeed)).resolves.toBe('ok')
  await fail(THRESHOLD)
  clock.stepWallMs(86_400_000)
  await expect(breaker.call(succeed)).rejects.toMatchObject({ code: 'SCALING_API_UNREACHABLE' })
})

test('never opens when it is switched off', async () => {
  breaker = newBreaker(false)
  await fail(100)
  expect(breaker.state).toBe('closed')
})

type Step = { readonly kind: 'succeed' | 'fail' | 'refuse' } | { readonly kind: 'wait'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'succeed' } as const) },
  { weight: 5, arbitrary: fc.constant({ kind: 'fail' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuse' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 90_000 }) }) },
)

/** What the breaker promises, in as few words as possible. */
class BreakerModel {
  failures = 0
  openedMs: number | undefined
  nowMs = 0

  isCalled(): boolean {
    return this.openedMs === undefined || this.nowMs - this.openedMs >= TIMEOUT_MS
  }

  called(isFailure: boolean): void {
    const wasProbe = this.openedMs !== undefined
    this.failures = isFailure ? this.failures + 1 : 0
    if (!isFailure) this.openedMs = undefined
    else if (wasProbe || this.failures >= THRESHOLD) this.openedMs = this.nowMs
  }
}

describe('for any schedule of answers and pauses', () => {
  test('lets exactly those calls pass that the model lets pass', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        clock = new FakeClock()
        breaker = newBreaker()
        const model = new BreakerModel()
        for (const next of steps) {
          if (next.kind === 'wait') {
            await clock.advance(next.ms)
            model.nowMs += next.ms
            continue
          }
          let calls = 0
          const isExpected = model.isCalled()
          await breaker
            .call(async () => {
              calls += 1
              if (next.kind === 'fail') throw new Failure()
              if (next.kind === 'refuse') throw new Refusal()
            })
            .catch(() => undefined)
          expect(calls).toBe(isExpected ? 1 : 0)
          if (isExpected) model.called(next.kind === 'fail')
          expect(breaker.state).toBe(model.openedMs === undefined ? 'closed' : 'open')
        }
      }),
      { numRuns: 200 },
    )
  })

  test('never has two calls in flight between opening and the next success', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }), async verdicts => {
        clock = new FakeClock()
        breaker = newBreaker()
        await fail(THRESHOLD)
        for (const isGood of verdicts) {
          await clock.advance(TIMEOUT_MS)
          let inFlight = 0
          let most = 0
          const probe = async () => {
            most = Math.max(most, ++inFlight)
            await Promise.resolve()
            inFlight -= 1
            if (!isGood) throw new Failure()
          }
          await Promise.allSettled([breaker.call(probe), breaker.call(probe), breaker.call(probe)])
          if (!isGood) expect(most).toBe(1)
          expect(breaker.state).toBe(isGood ? 'closed' : 'open')
          if (isGood) await fail(THRESHOLD)
        }
      }),
      { numRuns: 50 },
    )
  })
})
