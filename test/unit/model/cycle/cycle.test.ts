import { AutoscaleError, NO_STEERING } from '@lxc-autoscale/core'
import { ModelConfig } from '@lxc-autoscale/model'
import { beforeEach, describe, expect, test } from 'vitest'
import { FakeModel } from '../../../fakes/fake-model.ts'
import { failure, success, unreachable } from '../../../fakes/fake-scaling-api.ts'

let model: FakeModel

beforeEach(() => {
  model = new FakeModel()
  model.api.add(101)
  model.api.add(102)
})

async function pass(ms: number): Promise<void> {
  await model.clock.advance(ms)
}

/** What the sizer of a container keeps. */
const remembered = (vmid: number, of = model) => of.fleet.get(vmid)?.sizer.serialise()

const metricsText = () => model.telemetry.registry.metrics()

describe('a cycle', () => {
  test('carries out what the sizers decide, and tells them', async () => {
    model.measure({ 101: {}, 102: {} })
    model.scripted.wishes.set(101, { cores: 3, memoryMb: 2_048 })
    const report = await model.run()
    expect(report.outcomes.map(({ kind }) => kind)).toEqual(['applied'])
    expect(model.api.changes).toMatchObject([{ vmid: 101, cores: 3, memoryMb: 2_048 }])
    expect(remembered(101)).toMatchObject({ safety: { limits: { cores: 3, memoryMb: 2_048 } } })
    expect(remembered(102)).toMatchObject({ safety: { limits: { cores: 2, memoryMb: 1_024 } } })
  })

  test('writes one line for each change and one for itself', async () => {
    model.measure({ 101: {}, 102: {} })
    model.scripted.wishes.set(101, { cores: 3 })
    await model.run()
    expect(model.recording.messages('info')).toEqual(['container scaled', 'cycle'])
    expect(model.recording.lines[0]?.fields).toMatchObject({
      vmid: 101,
      cores: '2 -> 3',
      reason: 'cores: as the test says',
    })
  })

  test('tells the newest samples that saw a process killed, each once', async () => {
    const killed = { high: 0, max: 0, oomKill: 2, innerMax: 0, innerOomKill: 1 }
    model.measure({ 101: { memoryEvents: killed }, 102: {} })
    await model.run()
    await pass(10_000)
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.status?.containers.map(({ kills }) => kills)).toEqual([
      [{ time: expect.stringMatching(/Z$/), own: 2, inner: 1 }],
      [],
    ])
    for (let samples = 0; samples < 30; samples++) {
      await pass(10_000)
      model.measure({ 101: { memoryEvents: killed } })
      await model.run()
    }
    expect(model.status?.containers[0]?.kills).toHaveLength(20)
  })

  test('takes one request for what was changed and one for all allocations', async () => {
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.requests.map(({ path }) => path)).toEqual([
      '/history?made=true&limit=1000&skip=0',
      '/resource/lxc/configs',
    ])
  })

  test('forgets a container at once that another node has, and asks for one that nobody has once', async () => {
    model.measure({ 101: {}, 102: {} })
    await model.run()
    model.api.containers.clear()
    model.api.elsewhere.set(101, 'b')
    for (let cycles = 0; cycles < 2; cycles++) {
      await pass(60_000)
      model.measure({ 102: {} })
      await model.run()
    }
    expect([...model.fleet.containers()].map(({ vmid }) => vmid)).toEqual([102])
    const asked = model.api.requests.filter(({ path }) => path.includes('lxc_ids'))
    expect(asked.map(({ path }) => path)).toEqual(['/resource/lxc/configs?lxc_ids=101,102'])
  })

  test('tells who could carry what the host is short for, and asks for it once in a while', async () => {
    model.api.placement = 'node b could carry it'
    model.scripted.wishes.set(101, { memoryMb: 64_000 })
    for (let cycles = 0; cycles < 2; cycles++) {
      model.measure({ 101: {}, 102: {} }, { hostMemoryMb: 65_536, hostMemoryAvailableMb: 2_048 })
      await model.run()
      await pass(60_000)
    }
    const reason = model.status?.containers[0]?.decision?.reasons.find(({ rule }) => rule === 'share-host')
    expect(reason?.text).toMatch(
      /^memory: the host is short of what is asked for: .* instead of 64000 MB; node b could/,
    )
    const asked = model.api.requests.filter(({ path }) => path.includes('placement'))
    expect(asked.map(({ path }) => path)).toEqual(['/resource/cluster/placement?lxc_id=101&cores=2&memory=64000'])
  })

  test('gives a sizer what the API says of its container', async () => {
    Object.assign(model.api.add(101), { lock: 'migrate', tags: ['autoscale-pause'], name: 'mail' })
    Object.assign(model.api.add(102), { uptime_seconds: 60 })
    for (const vmid of [101, 102]) model.scripted.wishes.set(vmid, { cores: 3 })
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.scripted.state(101).contexts[0]?.allocation).toEqual({ cores: 2, memoryMb: 1_024 })
    expect(model.status?.containers).toMatchObject([
      { name: 'mail', mode: 'recommend', decision: { cores: 'keep' } },
      { name: 'ct102', mode: 'auto', decision: { cores: 'keep' } },
    ])
    const reasons = model.status?.containers.map(({ decision }) => decision?.reasons.at(-1)?.text)
    expect(reasons).toEqual([
      'left alone: Proxmox moves it to another node (lock migrate)',
      'started 60 s ago; left alone for another 60 s',
    ])
  })

  test('feeds each sample to its sizer once, also when the file is read again', async () => {
    model.measure({ 101: {} })
    const [first] = model.source.waiting
    await model.run()
    if (first !== undefined) model.source.waiting.push(first)
    await pass(10_000)
    model.measure({ 101: {} })
    await model.run()
    expect(model.scripted.state(101).observed).toHaveLength(2)
  })

  test('only logs what is recommended, and the same only once', async () => {
    model.api.add(101, { tags: ['autoscale-pause'] })
    model.scripted.wishes.set(101, { cores: 4 })
    for (let cycle = 0; cycle < 3; cycle++) {
      model.measure({ 101: {} })
      await model.run()
      await pass(10_000)
    }
    expect(model.api.posts()).toEqual([])
    expect(model.recording.messages('info').filter(text => text.startsWith('recommended'))).toHaveLength(1)
  })

  test('counts cores of a container without any as those of the host', async () => {
    model.api.add(101, { cores: null })
    model.measure({ 101: {} })
    await model.run()
    expect(model.scripted.state(101).contexts[0]?.allocation).toEqual({ cores: 8, memoryMb: 1_024 })
  })

  test('tells Prometheus how it went', async () => {
    model.measure({ 101: {}, 102: {} })
    model.scripted.wishes.set(101, { cores: 3 })
    await model.run()
    const text = await metricsText()
    expect(text).toContain('lxc_autoscale_model_cycles_total{outcome="decided"} 1')
    expect(text).toContain('lxc_autoscale_model_changes_total{outcome="applied"} 1')
    expect(text).toContain('lxc_autoscale_model_decisions_total{resource="cpu",direction="up",reason="adaptive"} 1')
    expect(text).toContain('lxc_autoscale_model_decisions_total{resource="memory",direction="keep",reason="none"} 2')
    expect(text).toContain('lxc_autoscale_model_samples_total 2')
    expect(text).toContain('lxc_autoscale_model_data_age_seconds 0')
    expect(text).toContain('lxc_autoscale_model_api_breaker_state 0')
    expect(text).toMatch(/lxc_autoscale_model_stage_seconds_count\{stage="decide"\} 1/)
  })

  test('shows what it knew and did in the status', async () => {
    model.measure({ 101: {}, 102: {} })
    model.scripted.wishes.set(101, { cores: 3 })
    await model.run()
    expect(model.status).toMatchObject({
      version: 3,
      cycle: { number: 1, outcome: 'decided' },
      metrics: { is_stale: false, age_seconds: 0 },
      host: { cores: 8, memory_mb: 32_768 },
      api: { breaker: 'closed' },
    })
    expect(model.status?.containers[0]).toMatchObject({
      vmid: 101,
      name: 'ct101',
      allocation: { cores: 3, memory_mb: 1_024 },
      problem: null,
      decision: { from: { cores: 2 }, to: { cores: 3 }, cores: 'up', reasons: [{ rule: 'adaptive' }] },
      last_change: { outcome: 'applied' },
      breaker: 'closed',
    })
  })
})

test('a boost is not shrunk while it lasts, and neither its begin nor its end is taken for the will of a person', async () => {
  const scaling = { learning_hours: 0, shrink_cooldown_seconds: 0 }
  const fake = new FakeModel({ config: { scaling } })
  const before = { cores: 2, cpulimit: null, memory_mb: 1_024, swap_mb: 512 }
  const until = new Date(fake.clock.nowMs() + 3_600_000).toISOString()
  const about = { lxc_id: 101, change_id: 'b', until, who: 'anna', trouble: null }
  const boost = { ...about, before, given: { ...before, memory_mb: 4_096 } }
  fake.api.add(101)
  const cycle = async () => {
    await fake.clock.advance(600_000)
    fake.measure({ 101: {} })
    await fake.run()
  }
  await cycle()
  fake.api.boost(101, { memory_mb: 4_096, steering: { ...NO_STEERING, boost } }, until)
  fake.scripted.wishes.set(101, { memoryMb: 1_024 })
  await cycle()
  expect(fake.api.containers.get(101)).toMatchObject({ memory_mb: 4_096 })
  const held = { held_by: { memory: 'hold-while-boosted' }, held_until: { memory: until } }
  expect(fake.status?.containers[0]?.decision).toMatchObject(held)
  fake.scripted.wishes.set(101, { memoryMb: 5_120 })
  await cycle()
  expect(fake.api.containers.get(101)).toMatchObject({ memory_mb: 5_120 })
  fake.api.boost(101, { memory_mb: 1_024, steering: NO_STEERING }, null)
  fake.scripted.wishes.set(101, { memoryMb: 2_048 })
  await cycle()
  expect(fake.api.containers.get(101)).toMatchObject({ memory_mb: 2_048 })
})

test('the settings in force stand once for all containers that share them, with where each comes from', async () => {
  const fake = new FakeModel({ config: { tiers: { db: { ids: [102], min_ram_mb: 512 } } } })
  for (const vmid of [101, 102, 103]) fake.api.add(vmid)
  fake.measure({ 101: {}, 102: {}, 103: {} })
  await fake.run()
  const { containers = [], settings = [] } = fake.status ?? {}
  expect(containers.map(({ tier, settings: place }) => [tier, place])).toEqual([[null, 0], ['db', 1], [null, 0]]) // biome-ignore format: a table
  expect(settings).toHaveLength(2)
  expect(settings[1]).toContainEqual({ key: 'min_ram_mb', value: 512, from: 'tier db' })
})

describe('nothing is changed', () => {
  beforeEach(() => {
    model.scripted.wishes.set(101, { cores: 3, memoryMb: 2_048 })
    model.scripted.wishes.set(102, { cores: 3, memoryMb: 2_048 })
  })

  test('when the metrics are stale, which is said once and not in every cycle', async () => {
    model.measure({ 101: {} })
    await pass(3_600_000)
    for (let cycle = 0; cycle < 5; cycle++) {
      expect(await model.run()).toMatchObject({ outcome: 'stale' })
      await pass(60_000)
    }
    expect(model.api.requests).toEqual([])
    expect(model.recording.messages('warn')).toEqual(['nothing is decided until this is over'])
    expect(model.recording.lines.find(({ level }) => level === 'warn')?.fields).toEqual({
      problem: expect.stringMatching(/3600 s old/),
      mend: expect.stringContaining('systemctl restart lxc_monitor'),
    })
    model.measure({ 101: {} })
    expect(await model.run()).toMatchObject({ outcome: 'decided' })
    expect(model.recording.messages('info')).toContain('deciding again')
  })

  test('before there are any metrics', async () => {
    expect(await model.run()).toMatchObject({ outcome: 'stale', text: 'there are no metrics yet' })
    expect(model.status?.metrics).toEqual({
      file: '/var/log/lxc_metrics.json',
      newest: null,
      age_seconds: null,
      interval_seconds: null,
      is_stale: true,
    })
  })

  test('when the metrics file cannot be read', async () => {
    model.source.nextError = new AutoscaleError('HOST_UNREADABLE', 'permission denied')
    expect(await model.run()).toMatchObject({ outcome: 'unreadable', text: 'permission denied' })
    expect(await metricsText()).toContain('lxc_autoscale_model_failures_total{code="HOST_UNREADABLE"} 1')
  })

  test('when the API does not answer', async () => {
    model.api.misbehave = () => {
      throw unreachable()
    }
    model.measure({ 101: {} })
    expect(await model.run()).toMatchObject({ outcome: 'no-allocations' })
    expect(model.api.changes).toEqual([])
    expect(model.status).toMatchObject({
      cycle: { code: 'SCALING_API_UNREACHABLE', text: expect.stringMatching(/ECONNREFUSED/) },
      containers: [{ problem: null }],
    })
  })

  test('when the key is refused, which stays the reason while the breaker is open', async () => {
    model.api.misbehave = () => failure(401, 'UNAUTHORIZED', 'wrong API key')
    for (let cycle = 0; cycle < 7; cycle++) {
      model.measure({ 101: {} })
      await model.run()
      await pass(10_000)
    }
    expect(model.status).toMatchObject({
      cycle: { code: 'UNAUTHORIZED', text: expect.stringContaining('wrong API key') },
      api: { breaker: 'open' },
    })
    const [warning, ...others] = model.recording.lines.filter(({ level }) => level === 'warn')
    expect(warning?.fields['mend']).toContain('systemctl reload lxc_autoscale_api')
    expect(others).toEqual([])
  })

  test('of a container that the API does not name, or could not read', async () => {
    model.api.containers.delete(102)
    model.api.misbehave = request =>
      request.method === 'POST'
        ? undefined
        : success({ containers: [], failed: [{ lxc_id: 101, error: 'HOST_UNREADABLE', message: 'torn file' }] })
    model.measure({ 101: {}, 102: {} })
    expect(await model.run()).toMatchObject({ outcome: 'decided', outcomes: [] })
    expect(model.status?.containers.map(({ problem }) => problem)).toEqual([
      'its allocation is not known: torn file',
      'its allocation is not known: the API does not name it',
    ])
  })

  test('of a container that the administrator paused, until the pause is over', async () => {
    const until = new Date(model.clock.nowMs() + 60_000).toISOString()
    model.api.add(101, { steering: { ...NO_STEERING, paused_until: until } })
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.changes.map(({ vmid }) => vmid)).toEqual([102])
    expect(model.status?.containers[0]).toMatchObject({
      problem: expect.stringMatching(/^left alone until \S+ \d\d:\d\d \(lxc-autoscale ignore\)$/),
      allocation: { cores: 2, memory_mb: 1_024 },
      decision: null,
    })
    model.api.add(101)
    await pass(60_000)
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.changes.map(({ vmid }) => vmid)).toContain(101)
    expect(model.status?.containers[0]?.problem).toBeNull()
  })

  test('of all containers, also of one that is new, until that is ended; they are measured all the same', async () => {
    const steering = { ...NO_STEERING, paused_until: 'forever', is_all_paused: true }
    for (const vmid of [101, 102]) model.api.add(vmid, { steering })
    model.measure({ 101: {}, 102: {} })
    await model.run()
    model.api.add(103, { steering })
    await pass(60_000)
    model.measure({ 101: {}, 102: {}, 103: {} })
    await model.run()
    expect(model.api.changes).toEqual([])
    expect(model.status?.containers).toHaveLength(3)
    for (const { problem, paused_until, newest } of model.status?.containers ?? []) {
      expect(problem).toBe('left alone until that is ended (lxc-autoscale ignore --all)')
      expect(paused_until).toBe('forever')
      expect(newest?.time).toBe(new Date(model.clock.nowMs()).toISOString())
    }
  })

  test('of any container while nobody knows what is paused, which is said once', async () => {
    for (const vmid of [101, 102]) model.api.add(vmid, { steering: { ...NO_STEERING, problem: 'steering.json: torn' } })
    for (let cycle = 0; cycle < 2; cycle++) {
      model.measure({ 101: {}, 102: {} })
      await model.run()
      await pass(60_000)
    }
    expect(model.api.changes).toEqual([])
    expect(model.status?.warnings).toEqual([
      {
        code: 'pauses_unreadable',
        text: 'the pauses cannot be read, so every container is left alone: steering.json: torn',
      },
    ])
    const said = 'the pauses cannot be read; every container is left alone until they can be'
    expect(model.recording.messages().filter(message => message === said)).toHaveLength(1)
    for (const vmid of [101, 102]) model.api.add(vmid)
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.changes).not.toEqual([])
  })

  test('of any container by an API that does not say what is paused, as one of an earlier version', async () => {
    for (const vmid of [101, 102]) Object.assign(model.api.add(vmid), { steering: undefined })
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.changes).toEqual([])
    expect(model.status?.warnings).toMatchObject([{ code: 'pauses_unreadable' }])
  })

  test('of a container whose mode a person ordered to be off, against its tags and the configuration', async () => {
    model.api.add(101, { steering: { ...NO_STEERING, mode: 'off' } })
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.changes.map(({ vmid }) => vmid)).toEqual([102])
    expect(model.status?.containers[0]).toMatchObject({ mode: 'off' })
    model.api.add(101)
    await pass(60_000)
    model.measure({ 101: {}, 102: {} })
    await model.run()
    expect(model.api.changes.map(({ vmid }) => vmid)).toContain(101)
    expect(model.status?.containers[0]).toMatchObject({ mode: 'auto' })
  })

  test('of the resource whose allocation is not known', async () => {
    model.api.add(101, { memory_mb: null })
    model.measure({ 101: {} })
    await model.run()
    expect(model.scripted.state(101).contexts[0]?.allocation).toEqual({ cores: 2, memoryMb: undefined })
    expect(model.api.posts().map(({ body }) => body)).toMatchObject([{ lxc_id: 101, cores: 3 }])
    expect(model.api.containers.get(101)).toMatchObject({ memory_mb: null })
  })

  test('of the cores of a container that somebody limited by a quota', async () => {
    model.api.add(101, { cores: 4, cpulimit: 1.5 })
    model.measure({ 101: {} })
    await model.run()
    expect(model.scripted.state(101).contexts[0]?.allocation.cores).toBeUndefined()
  })
})

describe('a change that did not come about', () => {
  beforeEach(() => {
    model.scripted.wishes.set(101, { cores: 3 })
    model.measure({ 101: {}, 102: {} })
  })

  test('is told to the sizer and logged with why', async () => {
    model.api.misbehave = ({ method }) =>
      method === 'POST' ? failure(409, 'HOST_CAPACITY', 'the host is full') : undefined
    await model.run()
    expect(remembered(101)).toMatchObject({ safety: { limits: { cores: 2 }, refusals: [{ direction: 'up' }] } })
    expect(model.recording.lines.find(({ level }) => level === 'warn')).toMatchObject({
      message: 'container not scaled',
      fields: { vmid: 101, outcome: 'refused', code: 'HOST_CAPACITY' },
    })
    expect(model.status?.containers[0]?.last_change).toMatchObject({ outcome: 'refused', code: 'HOST_CAPACITY' })
  })

  test('but was done after all, since only the answer was lost, is ours and not a person’s', async () => {
    model.api.misbehave = request => {
      if (request.method !== 'POST') return undefined
      model.api.answer(request)
      throw unreachable('other side closed')
    }
    await model.run()
    expect(remembered(101)).toMatchObject({ safety: { limits: { cores: 2 } } })
    await pass(60_000)
    model.api.misbehave = () => undefined
    model.scripted.wishes.clear()
    model.measure({ 101: {} })
    await model.run()
    expect(remembered(101)).toMatchObject({
      safety: { limits: { cores: 3, memoryMb: 1_024 }, truceUntilMs: undefined },
    })
  })

  test('is forgotten when the container still has what it had', async () => {
    model.api.misbehave = ({ method }) => {
      if (method === 'POST') throw unreachable()
      return undefined
    }
    await model.run()
    model.api.misbehave = () => undefined
    model.scripted.wishes.clear()
    await pass(60_000)
    model.measure({ 101: {} })
    await model.run()
    expect(remembered(101)).toMatchObject({ safety: { limits: { cores: 2 }, truceUntilMs: undefined } })
  })
})

describe('what was learned', () => {
  test('is saved at once when a container is new, then every few minutes and not in every cycle', async () => {
    for (let minute = 0; minute < 25; minute++) {
      model.measure({ 101: {} })
      await model.run()
      await pass(60_000)
    }
    expect(model.state.saves).toBe(3)
    expect(model.state.sizers.get(101)).toMatchObject({
      newestMs: expect.any(Number),
      sizer: { learned: { samples: 21 } },
    })
  })

  test('is given to the sizers of the next process, which learn only what is newer', async () => {
    model.measure({ 101: {} })
    const [known] = model.source.waiting
    await model.run()
    await model.cycle.save()
    const next = new FakeModel({ clock: model.clock, state: model.state, api: model.api })
    if (known !== undefined) next.source.waiting.push(known)
    await pass(10_000)
    next.measure({ 101: {} })
    await next.run()
    expect(next.scripted.state(101).saved).toEqual({ samples: 1 })
    expect(next.scripted.state(101).observed).toHaveLength(1)
  })

  test('stays in memory when the disk is full, which is said', async () => {
    model.state.nextError = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    model.measure({ 101: {} })
    await model.run()
    await model.run()
    expect(model.recording.messages('warn')).toEqual(['cannot save what was learned'])
    expect(model.state.saves).toBe(1)
    await model.run()
    expect(model.recording.messages('info')).toContain('what was learned is saved again')
  })

  test('knows a change of ours that a kill came after', async () => {
    model.scripted.wishes.set(101, { cores: 3 })
    model.measure({ 101: {} })
    await model.run()
    // Killed here: what the sizers learned since the last save is lost, the change is not.
    const next = new FakeModel({ clock: model.clock, state: model.state, api: model.api })
    await pass(10_000)
    next.measure({ 101: {} })
    await next.run()
    expect(remembered(101, next)).toMatchObject({
      safety: { limits: { cores: 3, memoryMb: 1_024 }, truceUntilMs: undefined },
    })
  })
})

test('a status file that cannot be written does not stop the cycle, and is said once', async () => {
  model.boardError = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
  model.measure({ 101: {} })
  expect(await model.run()).toMatchObject({ outcome: 'decided' })
  await model.run()
  expect(model.recording.messages('warn')).toEqual(['cannot write the status file'])
})

test('a new configuration is told to every sizer, which keeps what it learned', async () => {
  model.measure({ 101: {} })
  await model.run()
  const sizer = model.fleet.get(101)?.sizer
  model.fleet.configure(ModelConfig.parse({ ignore_lxc: [101] }))
  expect(sizer?.settings.scaling.mode).toBe('off')
  expect(model.scripted.state(101).saved).toEqual({ samples: 1 })
  expect(model.fleet.get(101)?.sizer).toBe(sizer)
})
