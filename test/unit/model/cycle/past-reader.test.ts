import type { PastStep } from '@lxc-autoscale/core'
import { beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { FakeModel } from '../../../fakes/fake-model.ts'
import { failure, success } from '../../../fakes/fake-scaling-api.ts'

const MINUTE_MS = 60_000
const CONTAINERS = [101, 102, 103]

let model: FakeModel

beforeEach(() => {
  model = modelOf()
})

function modelOf(former?: FakeModel): FakeModel {
  const { clock = new FakeClock(Date.UTC(2026, 0, 10, 12)), api, state } = former ?? {}
  const made = new FakeModel({ clock, hasRealPolicies: true, ...(api && { api }), ...(state && { state }) })
  for (const vmid of CONTAINERS) {
    if (former === undefined) made.api.add(vmid, { cores: 4, memory_mb: 4_096 })
    made.api.pasts.set(vmid, halfHours(clock.nowMs()))
  }
  return made
}

/** Two weeks of half hours, with half a core and 300 MB; at 03:00 UTC three cores and 1000 MB. */
function halfHours(untilMs: number): PastStep[] {
  const stepMs = 30 * MINUTE_MS
  return Array.from({ length: 14 * 48 }, (_, step) => {
    const startMs = untilMs - (14 * 48 - step) * stepMs
    const isNight = new Date(startMs).getUTCHours() === 3
    return {
      startMs,
      stepMs,
      coresUsed: { mean: 0.5, peak: isNight ? 3 : 0.5 },
      memoryUsedMb: { mean: 300, peak: isNight ? 1_000 : 300 },
      cores: 4,
      memoryLimitMb: 4_096,
      cpuWaitingPercent: undefined,
    }
  })
}

/** A minute passes, or as many samples, in which each container uses little. */
async function minute(
  other: { readonly memoryUsageMb?: number; readonly memoryFloorMb?: number } = {},
  samples = 6,
): Promise<void> {
  for (let sample = 0; sample < samples; sample++) {
    await model.clock.advance(10_000)
    const had = { cpuCores: 4, memoryLimitMb: 4_096 }
    const used = { ...had, cpuCoresUsed: 0.5, memoryUsageMb: 300, memoryFloorMb: 200, ...other }
    model.measure(Object.fromEntries(CONTAINERS.map(vmid => [vmid, used])))
  }
  await model.runPatiently()
}

const asked = () => model.api.requests.filter(({ path }) => path.startsWith('/past')).map(({ path }) => path)
const known = () => model.status?.containers.map(container => container.known.from_proxmox_seconds)

test('what Proxmox has kept of each container is asked for once, after its first minute', async () => {
  await minute()
  await minute()
  await minute()
  expect(asked()).toEqual(CONTAINERS.map(vmid => `/past?lxc_id=${vmid}&days=30`))
  expect(known()).toEqual(CONTAINERS.map(() => 14 * 86_400))
  expect(model.status?.containers[0]?.known).toMatchObject({ is_past_awaited: false })
  expect(model.status?.containers[0]?.policy?.memory).toMatch(/^.*peak of 14 days, 1000 MB/)
})

test('a container is compared to its past by more than its first sample', async () => {
  await minute({}, 1)
  await minute({}, 1)
  expect(asked()).toEqual([])
  await minute({}, 2)
  expect(asked()).toHaveLength(3)
})

test('asking ends for this cycle when it has taken its time, and goes on in the next', async () => {
  model.api.misbehave = async ({ path }) => {
    if (path.startsWith('/past')) await model.clock.advance(8_000)
    return undefined
  }
  await minute()
  expect(asked()).toHaveLength(2)
  await minute()
  expect(asked()).toHaveLength(3)
  expect(model.status?.containers.filter(({ known: { is_past_awaited: awaited } }) => awaited)).toHaveLength(1)
})

test('nothing that is decided waits for what Proxmox has kept', async () => {
  await minute({ memoryUsageMb: 4_000, memoryFloorMb: 3_900 })
  expect(known()).toEqual(CONTAINERS.map(() => null))
  expect(model.status?.containers[0]?.policy?.memory).toContain('that it is known')
  await minute({ memoryUsageMb: 4_000, memoryFloorMb: 3_900 })
  const order = model.api.requests.map(({ path }) => path.split('?')[0] ?? '')
  expect(order).toContain('/scale/resources')
  expect(order.lastIndexOf('/past')).toBeGreaterThan(order.indexOf('/scale/resources'))
  // Nor is it said to be known before something was decided by it.
  expect(model.status?.containers[0]).toMatchObject({ policy: { memory: expect.stringContaining('peak of 14 days') } })
})

test('an API without the route is asked again a quarter of an hour later, is told of once, and is trusted as before', async () => {
  model.api.misbehave = ({ path }) =>
    path.startsWith('/past') ? failure(404, 'ROUTE_NOT_FOUND', 'no route') : undefined
  for (let minutes = 0; minutes < 14; minutes++) await minute()
  expect(asked()).toHaveLength(1)
  expect(model.client.apiBreakerState).toBe('closed')
  expect(model.recording.messages('warn').filter(text => text.includes('Proxmox has kept'))).toHaveLength(1)
  model.api.misbehave = () => undefined
  for (let minutes = 0; minutes < 3; minutes++) await minute()
  expect(known()).toEqual(CONTAINERS.map(() => 14 * 86_400))
})

test('an API that says it is too early is asked again when it says, as long as the cycle has time, without a word', async () => {
  let answers = 0
  model.api.misbehave = ({ path }) =>
    path.startsWith('/past') && answers++ < 2 ? failure(429, 'QUEUE_FULL', 'later') : undefined
  const startMs = model.clock.monotonicMs()
  await minute()
  expect(asked()).toHaveLength(2 + 3)
  expect(model.clock.monotonicMs() - startMs).toBeLessThan(60_000 + 15_000)
  model = modelOf()
  model.api.misbehave = ({ path }) => (path.startsWith('/past') ? failure(429, 'QUEUE_FULL', 'later') : undefined)
  await minute()
  expect(asked().length).toBeLessThanOrEqual(15)
  expect(model.recording.messages('warn')).toEqual([])
})

test('an answer that nobody can read teaches nothing', async () => {
  model.api.misbehave = ({ path }) => (path.startsWith('/past') ? success({ lxc_id: 101 }) : undefined)
  await minute()
  await minute()
  expect(known()).toEqual(CONTAINERS.map(() => null))
})

test('it is still asked for after a restart that came before the answer, and not once it was learned', async () => {
  model.api.misbehave = ({ path }) => (path.startsWith('/past') ? failure(502, 'PCT_FAILED', 'no') : undefined)
  await minute()
  await minute()
  await model.cycle.save()
  model = modelOf(model)
  model.api.misbehave = () => undefined
  await minute()
  await minute()
  expect(known()).toEqual(CONTAINERS.map(() => 14 * 86_400))
  await model.cycle.save()
  const askedBefore = asked().length
  model = modelOf(model)
  await minute()
  await minute()
  expect(asked()).toHaveLength(askedBefore)
  expect(known()).toEqual(CONTAINERS.map(() => 14 * 86_400))
})

test.each([
  ['which is damaged', failure(502, 'PCT_FAILED', 'no RRD file'), 1, 1],
  ['for which Proxmox hangs', failure(504, 'PCT_TIMEOUT', 'too long'), 17, 2],
])('the past of one container, %s, costs no other its turn', async (_, answer, minutes, told) => {
  model.api.misbehave = ({ path }) => (path.startsWith('/past?lxc_id=101') ? answer : undefined)
  for (let passed = 0; passed < minutes; passed++) await minute()
  await minute()
  expect(known()).toEqual([null, 14 * 86_400, 14 * 86_400])
  expect(model.recording.messages('warn').filter(text => text.includes('Proxmox has kept'))).toHaveLength(told)
})
