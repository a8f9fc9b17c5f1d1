import { beforeEach, describe, expect, test } from 'vitest'
import { ScalingClient, type ScalingClientOptions } from '../../../../packages/model/src/client/scaling-client.ts'
import type { ApiReply } from '../../../../packages/model/src/client/transport.ts'
import { ReadOnlyTransport } from '../../../../packages/model/src/client/transport.ts'
import { allocationChange } from '../../../builders/allocation-change.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { configBody, FakeScalingApi, failure, reply, success, unreachable } from '../../../fakes/fake-scaling-api.ts'

let clock: FakeClock
let api: FakeScalingApi
const { signal } = new AbortController()

function newClient(overrides: Partial<ScalingClientOptions> = {}): ScalingClient {
  return new ScalingClient({
    transport: api,
    clock,
    random: () => 0,
    retry: { maxRetries: 2, delayMs: 1_000 },
    breaker: { isEnabled: true, failureThreshold: 5, timeoutMs: 300_000 },
    maxConcurrent: 4,
    ...overrides,
  })
}

beforeEach(() => {
  clock = new FakeClock()
  api = new FakeScalingApi()
  for (const vmid of [101, 102, 103]) api.add(vmid)
})

/** Lets all retries pass. */
async function patiently<Result>(result: Promise<Result>): Promise<Result> {
  result.catch(() => undefined)
  await clock.advance(120_000)
  return result
}

const onlyOutcome = async (client: ScalingClient, change = allocationChange()) => {
  const [outcome] = await patiently(client.applyAll([change], signal))
  return outcome
}

describe('fetching the allocations', () => {
  test('takes one request for all containers', async () => {
    const { configs } = await newClient().fetchConfigs(signal)
    expect(api.requests.map(({ path }) => path)).toEqual(['/resource/lxc/configs'])
    expect([...configs.keys()]).toEqual([101, 102, 103])
    expect(configs.get(101)).toMatchObject({ cores: 2, memoryMb: 1_024, lock: '', uptimeMs: 864_000_000 })
  })

  test('is tried again when nobody answers, and succeeds then', async () => {
    let calls = 0
    api.misbehave = () => {
      if (++calls <= 2) throw unreachable()
      return undefined
    }
    const { configs } = await patiently(newClient().fetchConfigs(signal))
    expect(configs.size).toBe(3)
    expect(calls).toBe(3)
  })

  test.each([
    ['an error body under status 200', reply(200, { status: 'error', error: 'INTERNAL', message: 'no' })],
    ['a list instead of an object', reply(200, [])],
    ['no JSON at all', reply(200, undefined)],
    ['data without containers', success({})],
    ['containers without numbers', success({ containers: [{ cores: 2 }], failed: [] })],
    ['a redirect', reply(302, undefined)],
  ])('is malformed with %s, and not tried again', async (_, lie) => {
    api.misbehave = () => lie
    await expect(newClient().fetchConfigs(signal)).rejects.toMatchObject({ code: 'SCALING_API_MALFORMED' })
    expect(api.requests).toHaveLength(1)
  })

  const liesAboutOne: [string, Record<string, unknown>][] = [
    ['a missing memory', { memory_mb: undefined }],
    ['cores as a word', { cores: 'two' }],
    ['no cores at all', { cores: 0 }],
    ['negative memory', { memory_mb: -1 }],
    ['two numbers', { vm_id: 102 }],
    ['an unknown state', { status: 'paused' }],
  ]
  test.each(liesAboutOne)('knows nothing of a container with %s, and all about the others', async (_, lie) => {
    const containers = [...api.containers].map(([vmid, container]) => configBody(vmid, container))
    containers[0] = { ...containers[0], ...lie }
    api.misbehave = () => success({ containers, failed: [] })
    const { configs, failed } = await newClient().fetchConfigs(signal)
    expect([...configs.keys()]).toEqual([102, 103])
    expect([...failed.keys()]).toEqual([101])
  })

  test('knows nothing of a container that is named twice', async () => {
    const [first] = [...api.containers].map(([vmid, container]) => configBody(vmid, container))
    api.misbehave = () => success({ containers: [first, { ...first, memory_mb: 9_999 }], failed: [] })
    await expect(newClient().fetchConfigs(signal)).rejects.toMatchObject({ code: 'SCALING_API_MALFORMED' })
  })

  test('is refused without the right key, and says so', async () => {
    api.misbehave = () => failure(401, 'UNAUTHORIZED', 'wrong key')
    await expect(newClient().fetchConfigs(signal)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  const lacking: [string, ApiReply][] = [
    ['an API of another version', failure(404, 'ROUTE_NOT_FOUND', 'there is no such route')],
    ['an API that knows the path with another method only', failure(405, 'METHOD_NOT_ALLOWED', 'use POST')],
    ['the Python predecessor, which answers in HTML', reply(404, undefined)],
  ]
  test.each(lacking)('is an error of the API, told plainly, when the route is missing: %s', async (_, answer) => {
    api.misbehave = () => answer
    await expect(newClient().fetchConfigs(signal)).rejects.toMatchObject({
      code: 'SCALING_API_MALFORMED',
      message: expect.stringMatching(/GET \/resource\/lxc\/configs: .*no such route.*of the version of this model/),
    })
    expect(api.requests).toHaveLength(1)
  })

  test('takes the answer of a proxy for no answer', async () => {
    api.misbehave = () => reply(502, undefined)
    await expect(patiently(newClient().fetchConfigs(signal))).rejects.toMatchObject({
      code: 'SCALING_API_UNREACHABLE',
    })
  })
})

describe('applying a change', () => {
  test('sends both resources at once, with what was expected, why, and a key that makes it safe to repeat', async () => {
    const outcome = await onlyOutcome(newClient(), allocationChange({ set: { cores: 3, memoryMb: 2_048 } }))
    expect(outcome).toMatchObject({ kind: 'applied', confirmed: { cores: 3, memoryMb: 2_048 } })
    expect(api.posts()).toEqual([
      {
        method: 'POST',
        path: '/scale/resources',
        headers: { 'idempotency-key': 'key-1' },
        body: {
          lxc_id: 101,
          cores: 3,
          memory: 2_048,
          expected: { cores: 2, cpulimit: null, memory: 1_024 },
          reason: 'throttled',
        },
      },
    ])
  })

  const refusals: [string, number, string, string][] = [
    ['moved', 409, 'ALLOCATION_MOVED', 'moved'],
    ['refused', 409, 'MEMORY_BELOW_FLOOR', 'below the floor'],
    ['refused', 409, 'HOST_CAPACITY', 'full'],
    ['refused', 404, 'CONTAINER_NOT_FOUND', 'gone'],
    ['refused', 403, 'FORBIDDEN', 'not yours'],
    ['locked', 423, 'CONTAINER_LOCKED', 'backup'],
    ['failed', 502, 'PCT_FAILED', 'unable'],
    ['failed', 504, 'PCT_TIMEOUT', 'slow'],
    ['failed', 503, 'NO_QUORUM', 'no quorum'],
    ['failed', 500, 'INTERNAL', 'bug'],
    ['failed', 401, 'UNAUTHORIZED', 'wrong key'],
  ]
  test.each(refusals)('is %s after %d %s, without another try', async (kind, status, code, message) => {
    api.misbehave = () => failure(status, code, message)
    expect(await onlyOutcome(newClient())).toMatchObject({ kind, code, confirmed: undefined })
    expect(api.requests).toHaveLength(1)
  })

  test('is unchanged when the container had it already', async () => {
    api.add(101, { cores: 3 })
    const change = allocationChange({ expected: { cores: 3, cpuLimit: null, memoryMb: 1_024 } })
    expect(await onlyOutcome(newClient(), change)).toMatchObject({ kind: 'unchanged' })
  })

  test('is done once when the answer was lost and the request is sent again', async () => {
    let calls = 0
    api.misbehave = request => {
      if (++calls > 1) return undefined
      api.answer(request)
      throw unreachable('other side closed')
    }
    expect(await onlyOutcome(newClient())).toMatchObject({ kind: 'applied' })
    expect(api.changes).toHaveLength(1)
    expect(calls).toBe(2)
  })

  test('is unreachable when nobody ever answers', async () => {
    api.misbehave = () => {
      throw unreachable()
    }
    expect(await onlyOutcome(newClient())).toMatchObject({ kind: 'unreachable', confirmed: undefined })
  })

  const change = (fields: object) => ({
    lxc_id: 101,
    before: { cores: 2, cpulimit: null, memory_mb: 1_024, swap_mb: 0 },
    after: { cores: 3, cpulimit: null, memory_mb: 1_024, swap_mb: 0 },
    changed: true,
    ...fields,
  })
  test('is applied when the API made it and warns of what went wrong after it', async () => {
    api.misbehave = () =>
      reply(200, { status: 'success', message: 'done; warning: no bridge', warning: 'no bridge', data: change({}) })
    expect(await onlyOutcome(newClient())).toMatchObject({ kind: 'applied', confirmed: { cores: 3 } })
  })

  const lies: [string, ApiReply][] = [
    ['another container', success(change({ lxc_id: 102 }))],
    ['another size', success(change({ after: { cores: 7, cpulimit: null, memory_mb: 1_024, swap_mb: 0 } }))],
    ['no size', success(change({ after: undefined }))],
    ['an error under status 200', reply(200, { status: 'error', error: 'PCT_FAILED', message: 'no' })],
    ['an empty body', reply(200, undefined)],
  ]
  test.each(lies)('is failed when the answer is about %s', async (_, lie) => {
    api.misbehave = () => lie
    expect(await onlyOutcome(newClient())).toMatchObject({ kind: 'failed', code: 'SCALING_API_MALFORMED' })
  })

  test('is failed when the API lacks the route, and no other route is tried', async () => {
    api.misbehave = () => failure(404, 'ROUTE_NOT_FOUND', 'there is no such route')
    expect(await onlyOutcome(newClient())).toMatchObject({
      kind: 'failed',
      code: 'SCALING_API_MALFORMED',
      text: expect.stringContaining('no such route'),
    })
    expect(api.requests).toHaveLength(1)
  })

  test('sends no more at once than it may, and gives one outcome for each in order', async () => {
    for (let vmid = 104; vmid < 130; vmid++) api.add(vmid)
    const changes = [...api.containers.keys()].map(vmid => allocationChange({ vmid, idempotencyKey: `key-${vmid}` }))
    const outcomes = await newClient().applyAll(changes, signal)
    expect(outcomes.map(({ vmid }) => vmid)).toEqual([...api.containers.keys()])
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['applied']))
    expect(api.mostInFlight).toBe(4)
  })
})

describe('in a dry run', () => {
  test('changes nothing, because the transport has nothing to send a change with', async () => {
    const paths: string[] = []
    const transport = new ReadOnlyTransport((path, abort) => {
      paths.push(path)
      return api.send({ method: 'GET', path }, abort)
    })
    const client = newClient({ transport })
    expect((await client.fetchConfigs(signal)).configs.size).toBe(3)
    expect(await onlyOutcome(client)).toMatchObject({ kind: 'dry-run', confirmed: undefined })
    expect(paths).toEqual(['/resource/lxc/configs'])
    expect(api.changes).toEqual([])
  })
})

describe('the circuit breakers', () => {
  test('stop calling an API that is dead, and find it again with one request', async () => {
    let isDead = true
    api.misbehave = () => {
      if (isDead) throw unreachable()
      return undefined
    }
    const client = newClient()
    for (let cycle = 0; cycle < 20; cycle++) {
      await expect(patiently(client.fetchConfigs(signal))).rejects.toMatchObject({
        code: 'SCALING_API_UNREACHABLE',
      })
    }
    // 20 cycles of 120 s: five tries until it opened, then one probe in every 300 s.
    expect(api.requests.length).toBeLessThanOrEqual(5 + Math.ceil((20 * 120) / 300))
    isDead = false
    await clock.advance(300_000)
    const before = api.requests.length
    expect((await client.fetchConfigs(signal)).configs.size).toBe(3)
    expect(api.requests.length).toBe(before + 1)
    expect(client.apiBreakerState).toBe('closed')
  })

  test('leave alone a container that pct keeps failing on, while the others are served', async () => {
    api.misbehave = ({ method, body }) =>
      method === 'POST' && JSON.stringify(body).includes('"lxc_id":101')
        ? failure(502, 'PCT_FAILED', 'broken')
        : undefined
    const changes: unknown[] = []
    const client = newClient({ onBreakerChange: change => changes.push(change) })
    for (let cycle = 0; cycle < 8; cycle++) {
      const key = `key-${cycle}`
      await client.applyAll([allocationChange({ idempotencyKey: key })], signal)
      const other = allocationChange({ vmid: 102, idempotencyKey: `other-${key}`, expected: expectedNow(102) })
      expect((await client.applyAll([other], signal))[0]).toMatchObject({
        kind: expect.stringMatching(/applied|unchanged/),
      })
    }
    expect(api.posts().filter(({ body }) => JSON.stringify(body).includes('"lxc_id":101'))).toHaveLength(5)
    expect(client.troubledContainers()).toEqual(new Map([[101, 'open']]))
    expect(client.apiBreakerState).toBe('closed')
    expect(changes).toEqual([{ vmid: 101, state: 'open' }])
    expect(await onlyOutcome(client)).toMatchObject({ kind: 'failed', text: expect.stringContaining('container 101') })
  })

  test('forget a container that is gone', async () => {
    api.misbehave = () => failure(502, 'PCT_FAILED', 'broken')
    const client = newClient()
    for (let time = 0; time < 5; time++) await client.applyAll([allocationChange()], signal)
    client.forget([101])
    expect(client.troubledContainers().size).toBe(0)
  })

  function expectedNow(vmid: number) {
    const container = api.containers.get(vmid)
    return { cores: container?.cores ?? null, cpuLimit: null, memoryMb: container?.memory_mb ?? null }
  }
})
