import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ApiReply, ApiRequest } from '../../packages/model/src/client/transport.ts'
import { FakeModel } from '../fakes/fake-model.ts'
import { configBody, failure, reply, success, unreachable } from '../fakes/fake-scaling-api.ts'

const VMIDS = [101, 102, 103, 104]
/** No pause holds a wish: what is not done was not done because of the API. */
const EAGER = {
  learning_hours: 0,
  grow_cooldown_seconds: 0,
  shrink_cooldown_seconds: 0,
  max_changes_per_hour: 60,
  truce_hours: 0,
}
const CYCLE_MS = 60_000
const BREAKER_MS = 300_000
/** The model's time limit of a request. */
const TIMEOUT_MS = 30_000

const FAULTS = [
  'none',
  'dead',
  'slow',
  'late',
  'half-dead',
  'lost-answers',
  'error-as-200',
  'wrong-ids',
  'missing-fields',
  'swapped',
  'wrong-figures',
  'empty',
  'html',
  'internal',
  'pct-failed',
  'unauthorized',
  'rate-limited',
  'confirms-something-else',
] as const
type Fault = (typeof FAULTS)[number]

/** Under these a change is carried out, sooner or later; under all others nothing at all is. */
const CHANGING: readonly Fault[] = ['none', 'late', 'lost-answers']

/** No two containers are alike, so that an answer about the wrong one shows. */
const initialMemoryMb = (vmid: number) => 800 + vmid

/** What the API does under `fault`; undefined = what it should. */
function behave(model: FakeModel, fault: Fault, request: ApiRequest): ApiReply | Promise<ApiReply> | undefined {
  const { api, clock } = model
  const isChange = request.method === 'POST'
  const bodies = () => [...api.containers].map(([vmid, container]) => configBody(vmid, container))
  const configs = (containers: unknown) => (isChange ? undefined : success({ containers, failed: [] }))
  switch (fault) {
    case 'none':
      return undefined
    case 'dead':
      throw unreachable()
    case 'slow':
      return clock.sleep(TIMEOUT_MS).then(() => Promise.reject(unreachable('no answer within 30000 ms')))
    case 'late':
      // It does what it was asked to, long after nobody waits for it any more.
      void clock.sleep(TIMEOUT_MS + 5_000).then(() => api.answer(request))
      return clock.sleep(TIMEOUT_MS).then(() => Promise.reject(unreachable('no answer within 30000 ms')))
    case 'half-dead':
      if (isChange) throw unreachable('other side closed')
      return undefined
    case 'lost-answers':
      api.answer(request)
      throw unreachable('other side closed')
    case 'error-as-200':
      return reply(200, { status: 'error', error: 'INTERNAL', message: 'no' })
    case 'wrong-ids':
      return configs(bodies().map(body => ({ ...body, lxc_id: 900, vm_id: 900 })))
    case 'missing-fields':
      return configs(bodies().map(({ memory_mb, ...body }) => body))
    case 'swapped':
      return configs(bodies().map((body, index) => ({ ...body, lxc_id: VMIDS[3 - index], vm_id: VMIDS[3 - index] })))
    case 'wrong-figures':
      return configs(bodies().map(body => ({ ...body, memory_mb: 8_192, cores: 8 })))
    case 'empty':
      return configs([])
    case 'html':
      return reply(200, undefined)
    case 'internal':
      return failure(500, 'INTERNAL', 'a bug')
    case 'pct-failed':
      return isChange ? failure(502, 'PCT_FAILED', 'unable to hotplug') : undefined
    case 'unauthorized':
      return failure(401, 'UNAUTHORIZED', 'wrong key')
    case 'rate-limited':
      return { ...failure(429, 'RATE_LIMITED', 'slow down'), retryAfterMs: 5_000 }
    case 'confirms-something-else':
      return isChange
        ? success({
            lxc_id: 999,
            before: {},
            after: { cores: 64, cpulimit: null, memory_mb: 1, swap_mb: 0 },
            changed: true,
          })
        : undefined
  }
}

function wishFor(vmid: number, round: number) {
  return { cores: 2 + ((vmid + round) % 3), memoryMb: 1_024 + 256 * ((vmid + round) % 4) }
}

/** One cycle under `fault`; what containers wish for changes every ten cycles. */
async function cycle(model: FakeModel, fault: Fault, number: number): Promise<void> {
  const round = Math.floor(number / 10)
  for (const vmid of VMIDS) model.scripted.wishes.set(vmid, wishFor(vmid, round))
  model.api.misbehave = request => behave(model, fault, request)
  // Wishes must not compete for the cores of the host.
  model.measure(Object.fromEntries(VMIDS.map(vmid => [vmid, {}])), { hostCores: 64 })
  const startMs = model.clock.monotonicMs()
  await model.runPatiently()
  await model.clock.advance(Math.max(0, startMs + CYCLE_MS - model.clock.monotonicMs()))
}

/** A container has what it had at first or what was wished for in some round; both of its figures are from one decision. */
function expectOnlyWishes(model: FakeModel, rounds: number): void {
  for (const vmid of VMIDS) {
    const { cores, memory_mb } = model.api.containers.get(vmid) ?? {}
    const allowed = [{ cores: 2, memoryMb: initialMemoryMb(vmid) }]
    for (let round = 0; round <= rounds; round++) allowed.push(wishFor(vmid, round))
    expect(allowed).toContainEqual({ cores, memoryMb: memory_mb })
  }
}

function expectBounded(model: FakeModel): void {
  expect(model.client.troubledContainers().size).toBeLessThanOrEqual(VMIDS.length)
  expect(model.fleet.size).toBe(VMIDS.length)
}

function newModel(): FakeModel {
  const model = new FakeModel({ maxRetries: 2, config: { scaling: EAGER } })
  for (const vmid of VMIDS) model.api.add(vmid, { memory_mb: initialMemoryMb(vmid) })
  return model
}

/** From the last fault on: the breakers of the API and of the containers let a probe pass after their time, and all is well. */
async function expectRecovery(model: FakeModel, from: number): Promise<void> {
  const cycles = Math.ceil(BREAKER_MS / CYCLE_MS) + 2
  for (let number = from; number < from + cycles; number++) await cycle(model, 'none', 1_000)
  expect(model.client.apiBreakerState).toBe('closed')
  for (const vmid of VMIDS) {
    expect(model.api.containers.get(vmid)).toMatchObject({
      cores: wishFor(vmid, 100).cores,
      memory_mb: wishFor(vmid, 100).memoryMb,
    })
  }
}

test.each(FAULTS)('three hours of an API that is %s change nothing that was not decided, and end well', async fault => {
  const model = newModel()
  for (let number = 0; number < 180; number++) {
    await cycle(model, fault, number)
    expectOnlyWishes(model, 18)
  }
  if (!CHANGING.includes(fault)) expect(model.api.changes).toEqual([])
  expectBounded(model)
  await expectRecovery(model, 180)
})

test('a dead API costs a few requests an hour once its breaker is open', async () => {
  const model = newModel()
  for (let number = 0; number < 10; number++) await cycle(model, 'dead', number)
  const before = model.api.requests.length
  for (let number = 0; number < 60; number++) await cycle(model, 'dead', number)
  expect(model.api.requests.length - before).toBeLessThanOrEqual(12)
})

test('hours of faults in any order change nothing that was not decided, and end well', async () => {
  const schedule = fc.array(fc.record({ fault: fc.constantFrom(...FAULTS), cycles: fc.integer({ min: 1, max: 12 }) }), {
    minLength: 5,
    maxLength: 20,
  })
  await fc.assert(
    fc.asyncProperty(schedule, async phases => {
      const model = newModel()
      let number = 0
      for (const { fault, cycles } of phases) {
        for (let repeat = 0; repeat < cycles; repeat++) await cycle(model, fault, number++)
        expectOnlyWishes(model, Math.ceil(number / 10))
        expectBounded(model)
      }
      await expectRecovery(model, number)
    }),
    { numRuns: 8 },
  )
})
