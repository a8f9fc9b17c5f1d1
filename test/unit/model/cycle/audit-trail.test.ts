import { beforeEach, describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../../packages/model/src/client/transport.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { FakeModel, FakeState } from '../../../fakes/fake-model.ts'
import { failure, unreachable } from '../../../fakes/fake-scaling-api.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Nothing but what a test is about holds a wish. */
const EAGER = { learning_hours: 0, grow_cooldown_seconds: 0, shrink_cooldown_seconds: 0, quarantine_hours: 0 }
const MOST_CHANGES = 4

let model: FakeModel

function start(scaling: Record<string, unknown> = {}): FakeModel {
  const started = new FakeModel({ config: { scaling: { ...EAGER, ...scaling } } })
  started.api.add(101)
  return started
}

/** The process is gone; the next one has the same clock and API, and of what was saved what the test says. */
function restart(state = model.state, scaling: Record<string, unknown> = {}): void {
  model = new FakeModel({ clock: model.clock, api: model.api, state, config: { scaling: { ...EAGER, ...scaling } } })
}

/** Some time later: the container is measured, and this is what it should have. */
async function cycle(wish: { cores?: number; memoryMb?: number } = {}, afterMs = MINUTE_MS): Promise<void> {
  model.clock.passMs(afterMs)
  model.scripted.wishes.set(101, wish)
  model.measure({ 101: {} })
  await model.run()
}

const has = () => model.api.containers.get(101)
const rules = () => model.status?.containers[0]?.decision?.reasons.map(({ rule }) => rule) ?? []
const writes = () => model.api.posts().length

beforeEach(() => {
  model = start()
})

describe('the budget of changes', () => {
  test.each([
    ['with what was saved', () => model.state],
    ['with nothing of what was saved', () => new FakeState()],
  ])('holds over a kill every few seconds, %s', async (_, state) => {
    model = start({ max_changes_per_hour: MOST_CHANGES })
    const short = { high: 0, max: 0, oomKill: 1, innerMax: 0, innerOomKill: 0 }
    for (let second = 0; second < 7_200; second += 40) {
      restart(state(), { max_changes_per_hour: MOST_CHANGES })
      model.clock.passMs(40_000)
      model.scripted.wishes.set(101, { cores: 2 + ((second / 40) % 3) })
      model.measure({ 101: { memoryEvents: short } })
      await model.run()
    }
    expect(model.api.mostChangesInAnHour(101)).toBe(MOST_CHANGES)
    expect(model.api.entries.length).toBeLessThanOrEqual(2 * MOST_CHANGES + 1)
  })

  test('counts a change once, whether the answer or the log tells of it', async () => {
    model = start({ max_changes_per_hour: 8 })
    for (let change = 0; change < 10; change++) await cycle({ cores: 3 + (change % 2) })
    expect(model.api.mostChangesInAnHour(101)).toBe(4)
  })

  test('counts a change of which nobody knows how it ended', async () => {
    model = start({ max_changes_per_hour: 2 })
    await cycle()
    const key = '0123456789abcdef-101-1767571260000'
    const boot = model.clock.sinceBoot()
    model.api.entries.push(historyEntry({ boot, idempotency_key: key, outcome: 'unknown', after: null }))
    await cycle({ cores: 3 })
    expect(rules()).toContain('keep-change-budget')
    expect(writes()).toBe(0)
  })

  test('is free again an hour later', async () => {
    model = start({ max_changes_per_hour: 2 })
    await cycle({ cores: 3 })
    restart(new FakeState(), { max_changes_per_hour: 2 })
    await cycle({ cores: 4 })
    expect(has()?.cores).toBe(3)
    await cycle({ cores: 4 }, HOUR_MS)
    expect(has()?.cores).toBe(4)
  })

  test('goes on over a reboot from the last moment that is known before it', async () => {
    model = start({ max_changes_per_hour: 2 })
    await cycle({ cores: 3 })
    model.clock.reboot(5 * HOUR_MS)
    restart(new FakeState(), { max_changes_per_hour: 2 })
    await cycle({ cores: 4 })
    expect(rules()).toContain('keep-change-budget')
    await cycle({ cores: 4 }, HOUR_MS)
    expect(has()?.cores).toBe(4)
  })
})

describe('the truce after a change by a person', () => {
  test.each([
    ['cores', { cores: 5 }],
    ['a quota', { cpulimit: 1.5 }],
    ['memory', { memory_mb: 3_000 }],
    ['swap', { swap_mb: 0 }],
  ])('holds when it was %s, set with pct or through the API, whatever cores are counted by', async (_, fields) => {
    for (const cpu_unit of ['cores', 'cpulimit']) {
      for (const isByHand of [true, false]) {
        model = start({ cpu_unit })
        await cycle()
        if (isByHand) Object.assign(has() ?? {}, fields)
        else model.api.changeByPerson(101, fields)
        await cycle({ memoryMb: 2_048 })
        await cycle({ memoryMb: 600 }, 5 * HOUR_MS)
        expect(rules()).toContain('keep-truce')
        expect(writes()).toBe(0)
        await cycle({ memoryMb: 2_048 }, HOUR_MS)
        expect(has()?.memory_mb).toBe(2_048)
      }
    }
  })

  test('holds when the container has again what it had', async () => {
    await cycle()
    model.api.changeByPerson(101, { memory_mb: 3_000 })
    model.api.changeByPerson(101, { memory_mb: 1_024 })
    await cycle({ memoryMb: 2_048 })
    expect(rules()).toContain('keep-truce')
  })

  test.each([
    ['was made through the API, and all that was saved is lost', () => new FakeState(), false],
    ['was made through the API', () => model.state, false],
    ['was made with pct', () => model.state, true],
  ])('holds over a kill when the change %s, and ends when it would have', async (_, state, isByHand) => {
    await cycle()
    if (isByHand) Object.assign(has() ?? {}, { cores: 6 })
    else model.api.changeByPerson(101, { cores: 6 })
    await cycle({ cores: 3 })
    for (let hour = 1; hour < 6; hour++) {
      restart(state())
      await cycle({ cores: 3 }, HOUR_MS - MINUTE_MS)
      expect(rules()).toContain('keep-truce')
    }
    restart(state())
    await cycle({ cores: 3 }, HOUR_MS + 10 * MINUTE_MS)
    expect(has()?.cores).toBe(3)
  })

  test('begins when a change was made with pct while the model was down, also when all that was saved is lost', async () => {
    await cycle({ cores: 3 })
    Object.assign(has() ?? {}, { cores: 6 })
    restart(new FakeState())
    await cycle({ cores: 4 })
    expect(rules()).toContain('keep-truce')
  })

  test('begins with an undo, whoever asked for it, and with what a change of ours overwrote', async () => {
    await cycle({ cores: 3 })
    const [ours] = model.api.entries
    if (ours === undefined) throw new Error('nothing was changed')
    model.api.entries.push({ ...ours, id: 'undo', undo_of: ours.id })
    await cycle({ cores: 4 })
    expect(rules()).toContain('keep-truce')
    model = start()
    model.api.misbehave = request => {
      if (request.method !== 'POST') return undefined
      const answer = model.api.answer(request)
      const last = model.api.entries.pop()
      const overwritten = { cores: 8, cpulimit: null, memory_mb: 1_024, swap_mb: 512 }
      if (last !== undefined) model.api.entries.push({ ...last, overwritten })
      return answer
    }
    await cycle({ cores: 3 })
    await cycle({ cores: 4 })
    expect(rules()).toContain('keep-truce')
  })

  test('holds when a thousand and more changes of other containers were made since', async () => {
    model.api.changeByPerson(101, { cores: 6 })
    const boot = model.clock.sinceBoot()
    for (let at = 0; at < 2_500; at++) {
      const key = `0123456789abcdef-102-${at}`
      model.api.entries.push(historyEntry({ id: `other-${at}`, lxc_id: 102, boot, idempotency_key: key }))
    }
    await cycle({ cores: 3 })
    expect(rules()).toContain('keep-truce')
    const requests = model.api.requests.length
    await cycle({ cores: 3 })
    expect(model.api.requests.length - requests).toBe(2)
  })
})

describe('a change of ours', () => {
  /** The request that was sent last, carried out now. */
  const carryOut = () => model.api.answer(model.api.posts().at(-1) as ApiRequest)

  test('that is still being made when the next process looks is not a person’s', async () => {
    model.api.misbehave = ({ method }) => {
      if (method === 'POST') throw unreachable('killed')
      return undefined
    }
    await cycle({ cores: 3 })
    model.api.misbehave = () => undefined
    restart()
    // Proxmox has it, the audit log has not.
    Object.assign(has() ?? {}, { cores: 3 })
    await cycle({ cores: 4 })
    expect(rules()).toContain('keep-truce')
    model.api.entries.push(
      historyEntry({
        boot: model.clock.sinceBoot(),
        idempotency_key: '0123456789abcdef-101-1',
        before: { cores: 2, cpulimit: null, memory_mb: 1_024, swap_mb: 512 },
        after: { cores: 3, cpulimit: null, memory_mb: 1_024, swap_mb: 512 },
      }),
    )
    await cycle({ cores: 4 })
    expect(has()?.cores).toBe(4)
  })

  test('that was made after nobody waited for it any more is not a person’s', async () => {
    model.api.misbehave = ({ method }) => {
      if (method === 'POST') throw unreachable('no answer within 30000 ms')
      return undefined
    }
    await cycle({ cores: 3 })
    model.api.misbehave = () => undefined
    await cycle()
    carryOut()
    await cycle({ cores: 4 })
    expect(has()?.cores).toBe(4)
  })

  test('that the API took back is held like a refused one, longer each time, and is no person’s', async () => {
    await cycle({ memoryMb: 704 })
    expect(has()?.memory_mb).toBe(704)
    model.api.takeBack(101)
    expect(has()?.memory_mb).toBe(1_024)
    await cycle({ memoryMb: 704 })
    expect(rules()).toContain('hold-after-refusal')
    await cycle({ memoryMb: 704 }, HOUR_MS)
    expect(has()?.memory_mb).toBe(704)
    model.api.takeBack(101)
    restart(new FakeState())
    await cycle({ memoryMb: 704 }, HOUR_MS)
    expect(rules()).toContain('hold-after-refusal')
    await cycle({ cores: 3, memoryMb: 2_048 })
    expect(has()).toMatchObject({ cores: 3, memory_mb: 2_048 })
  })
})

describe('while the audit log cannot be read', () => {
  const unreadable = (request: ApiRequest) =>
    request.path.startsWith('/history') ? failure(503, 'AUDIT_UNAVAILABLE', 'the disk is full') : undefined

  test('nothing shrinks, and only what is in need grows, which is said once', async () => {
    model.api.misbehave = unreadable
    for (let minute = 0; minute < 3; minute++) await cycle({ cores: 1, memoryMb: 704 })
    expect(rules()).toContain('hold-without-history')
    await cycle({ cores: 4 })
    expect(rules()).toContain('keep-change-budget')
    expect(writes()).toBe(0)
    model.clock.passMs(MINUTE_MS)
    model.measure({ 101: { memoryEvents: { high: 0, max: 0, oomKill: 1, innerMax: 0, innerOomKill: 0 } } })
    await model.run()
    expect(has()?.memory_mb).toBeGreaterThan(1_024)
    const text = 'the audit log cannot be read; nothing shrinks until it can be'
    expect(model.recording.messages('warn')).toEqual([text])
    expect(model.status?.warnings).toEqual([
      { code: 'audit_unreadable', text: expect.stringContaining('the disk is full') },
    ])
    model.api.misbehave = () => undefined
    await cycle({ cores: 1, memoryMb: 1_229 })
    expect(has()?.cores).toBe(1)
    expect(model.recording.messages('info')).toContain('the audit log can be read again')
  })

  test('growth out of need keeps to the budget', async () => {
    model = start({ max_changes_per_hour: MOST_CHANGES })
    model.api.misbehave = unreadable
    for (let minute = 0; minute < 30; minute++) {
      model.clock.passMs(MINUTE_MS)
      model.measure({ 101: { memoryEvents: { high: 0, max: 0, oomKill: 1, innerMax: 0, innerOomKill: 0 } } })
      await model.run()
    }
    expect(model.api.mostChangesInAnHour(101)).toBe(MOST_CHANGES)
  })
})

describe('a quarantine', () => {
  const KILLED = { high: 0, max: 0, oomKill: 1, innerMax: 0, innerOomKill: 0 }

  test('holds over a kill right after the container was killed', async () => {
    model = start({ quarantine_hours: 24 })
    await cycle()
    model.clock.passMs(MINUTE_MS)
    model.measure({ 101: { memoryEvents: KILLED } })
    await model.run()
    restart(model.state, { quarantine_hours: 24 })
    await cycle({ memoryMb: 704 }, 23 * HOUR_MS)
    expect(rules()).toContain('hold-in-quarantine')
    await cycle({ memoryMb: 900 }, 2 * HOUR_MS)
    expect(rules()).not.toContain('hold-in-quarantine')
  })

  test('is thought possible for its time when it is lost whether there is one', async () => {
    const lost = new FakeState()
    lost.isLost = true
    restart(lost, { quarantine_hours: 24 })
    await cycle({ cores: 1, memoryMb: 704 }, 23 * HOUR_MS)
    expect(has()).toMatchObject({ cores: 1, memory_mb: 1_024 })
    expect(rules()).toContain('hold-in-quarantine')
    // Also of a damaged part of what was saved.
    const [entry] = model.state.sizers
    const damaged = new FakeState()
    if (entry !== undefined) damaged.sizers = new Map([[101, { ...entry[1], sizer: { version: 1 } }]])
    restart(damaged, { quarantine_hours: 24 })
    await cycle({ memoryMb: 704 }, 23 * HOUR_MS)
    expect(rules()).toContain('hold-in-quarantine')
    await cycle({ memoryMb: 704 }, HOUR_MS)
    expect(has()?.memory_mb).toBe(704)
  })
})

describe('a state folder that is full or cannot be written, from the start on', () => {
  test('stops nothing, and is said once, in the status and to Prometheus', async () => {
    const state = new FakeState()
    state.error = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
    restart(state)
    for (let minute = 0; minute < 3; minute++) await cycle({ cores: 3 + minute, memoryMb: 1_024 + 100 * minute })
    expect(has()).toMatchObject({ cores: 5, memory_mb: 1_232 })
    expect(model.recording.messages('warn')).toEqual(['cannot save what was learned'])
    expect(model.status?.warnings).toEqual([
      { code: 'learned_unsaved', text: expect.stringContaining('EROFS: read-only file system') },
    ])
    expect(await model.telemetry.registry.metrics()).toContain('lxc_autoscale_model_state_unsaved 1')
    state.error = undefined
    await cycle()
    expect(state.saves).toBe(1)
    // It is saved after the cycle; the next one tells it.
    await cycle()
    expect(model.status?.warnings).toEqual([])
    expect(await model.telemetry.registry.metrics()).toContain('lxc_autoscale_model_state_unsaved 0')
  })
})
