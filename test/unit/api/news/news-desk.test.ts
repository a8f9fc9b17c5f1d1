import type { DecidingVerdict, HealthBody, HistoryEntryBody, ModelStatus } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { NewsDesk, type NewsSources } from '../../../../packages/api/src/news/news-desk.ts'
import { NewsMemory } from '../../../../packages/api/src/news/news-file.ts'
import type { NewsMessage } from '../../../../packages/api/src/news/news-message.ts'
import {
  ErrorHandlingSection,
  NotificationsSection,
  targetsOf,
} from '../../../../packages/api/src/news/notifications-section.ts'
import type { SendResult } from '../../../../packages/api/src/news/send-news.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { containerStatus, modelStatus } from '../../../builders/model-status.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const TARGET = { type: 'webhook', url: 'http://127.0.0.1:1/', name: 'hook' }
const DECIDING: DecidingVerdict = { state: 'deciding', text: 'deciding', problems: [] }
const STUCK: DecidingVerdict = {
  state: 'stuck',
  text: 'not deciding',
  problems: [
    { code: 'model_not_running', text: 'lxc_autoscale_ml is not running', mend: 'systemctl start lxc_autoscale_ml' },
    { code: 'dry_run', text: 'dry run', mend: '' },
  ],
}
const HEALTHY: HealthBody = { status: 'healthy', version: '2.0.0', checks: { audit_log: { ok: true, detail: '' } } }

interface World {
  readonly clock: FakeClock
  /** What was written down last. */
  saved: string
  verdict: DecidingVerdict
  status: ModelStatus | undefined
  health: HealthBody
  history: HistoryEntryBody[]
  /** Why the audit log cannot be read. */
  historyProblem: Error | undefined
  /** What came of sending, by turns; the last one stays. */
  results: SendResult[]
  readonly sent: NewsMessage[]
  readonly log: ReturnType<typeof recordingLog>
  readonly counts: Record<string, number>
}

function world(): World {
  return {
    clock: new FakeClock(new Date(2026, 2, 1, 12).getTime()),
    saved: '',
    verdict: DECIDING,
    status: modelStatus(),
    health: HEALTHY,
    history: [],
    historyProblem: undefined,
    results: [{ isSent: true, text: 'taken' }],
    sent: [],
    log: recordingLog(),
    counts: {},
  }
}

/** A daemon in this world, until `stop`. */
async function start(state: World, section: Readonly<Record<string, unknown>> = {}) {
  const stopping = new AbortController()
  const count =
    (kind: string) =>
    (_target: string, more = 1) => {
      state.counts[kind] = (state.counts[kind] ?? 0) + more
    }
  const desk = new NewsDesk({
    clock: state.clock,
    log: state.log.log,
    file: {
      read: () => (state.saved === '' ? undefined : NewsMemory.parse(JSON.parse(state.saved))),
      async write(memory) {
        state.saved = JSON.stringify(memory)
      },
    },
    counts: {
      newsTarget: () => undefined,
      newsSent: count('sent'),
      newsFailed: count('failed'),
      newsDropped: count('dropped'),
    },
    signal: stopping.signal,
    send: async (_target, message) => {
      const [result = { isSent: true, text: '' }, ...others] = state.results
      if (others.length > 0) state.results = others
      if (result.isSent) state.sent.push(message)
      return result
    },
  })
  const sources: NewsSources = {
    host: () => 'pve1',
    verdict: () => state.verdict,
    status: () => state.status,
    health: async () => state.health,
    changes() {
      if (state.historyProblem !== undefined) throw state.historyProblem
      return [all(state.history)]
    },
    saved: async () => ({ cores: 14, memoryMb: 22_528 }),
  }
  const use = (changed: Readonly<Record<string, unknown>>) => {
    const settings = NotificationsSection.parse({ targets: [TARGET], ...changed })
    desk.use({ ...settings, targets: targetsOf(settings, ErrorHandlingSection.parse(undefined)) }, sources)
  }
  use(section)
  const running = desk.run()
  await state.clock.advance(5_000)
  return {
    desk,
    use,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function* all<Entry>(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries
}

/** The model saw `own` kills in container `vmid` now. */
function kill({ clock, status }: World, vmid: number, own = 1): ModelStatus {
  const others = (status?.containers ?? []).filter(container => container.vmid !== vmid)
  const before = status?.containers.find(container => container.vmid === vmid) ?? containerStatus({ vmid })
  const kills = [...before.kills, { time: new Date(clock.nowMs()).toISOString(), own, inner: 0 }].slice(-20)
  return modelStatus({ containers: [...others, { ...before, kills }] })
}

const titles = ({ sent }: World) => sent.map(({ title }) => title)

describe('kills', () => {
  test('are told once, with how many, after what belongs together has come', async () => {
    const state = world()
    const { stop } = await start(state)
    state.status = kill(state, 101)
    await state.clock.advance(10_000)
    state.status = kill(state, 101, 2)
    await state.clock.advance(10_000)
    expect(state.sent).toEqual([])
    await state.clock.advance(HOUR_MS)
    await stop()
    expect(titles(state)).toEqual(['pve1: web (101): a process was killed at its memory limit, 3 times'])
    expect(state.sent[0]?.text).toContain('The limit is 1024 MB now.')
  })

  test('of before the very first start are no news', async () => {
    const state = world()
    state.status = kill(state, 101)
    const { stop } = await start(state)
    await state.clock.advance(HOUR_MS)
    await stop()
    expect(state.sent).toEqual([])
  })

  test('with a time to come are told once while the clock is set back, and so are those after them', async () => {
    const state = world()
    const { stop } = await start(state)
    const kills = [{ time: new Date(state.clock.nowMs() + 90 * MINUTE_MS).toISOString(), own: 1, inner: 0 }]
    state.status = modelStatus({ containers: [containerStatus({ kills })] })
    for (let minute = 0; minute < 5; minute++) {
      await state.clock.advance(MINUTE_MS)
      state.status = modelStatus({ containers: [containerStatus({ kills })] })
    }
    state.status = kill(state, 101)
    await state.clock.advance(20 * MINUTE_MS)
    state.status = modelStatus({ containers: state.status.containers })
    await state.clock.advance(50 * MINUTE_MS)
    await stop()
    expect(titles(state)).toEqual([
      'pve1: web (101): a process was killed at its memory limit',
      'pve1: web (101): a process was killed at its memory limit',
    ])
  })

  test('of a container that was away for a while are not told again', async () => {
    const state = world()
    const { stop } = await start(state)
    state.status = kill(state, 101)
    const { containers } = state.status
    await state.clock.advance(5 * MINUTE_MS)
    state.status = kill({ ...state, status: modelStatus({ containers: [] }) }, 102)
    await state.clock.advance(5 * MINUTE_MS)
    state.status = modelStatus({ containers })
    await state.clock.advance(20 * MINUTE_MS)
    await stop()
    expect(titles(state)).toHaveLength(2)
  })

  test('a storm of a thousand is at most so many messages an hour, and none is forgotten in the counting', async () => {
    const state = world()
    const { stop } = await start(state, { max_per_hour: 6 })
    const kills = [{ time: new Date(state.clock.nowMs()).toISOString(), own: 1, inner: 0 }]
    for (let known = 100; known <= 1_000; known += 100) {
      const containers = Array.from({ length: known }, (_, at) => containerStatus({ vmid: 100 + at, kills }))
      state.status = modelStatus({ containers })
      await state.clock.advance(30_000)
    }
    await state.clock.advance(15 * MINUTE_MS)
    await stop()
    expect(state.sent.length).toBeLessThanOrEqual(6)
    const told = state.sent.reduce((sum, { items, leftOut }) => sum + items.length + leftOut, 0)
    expect(told).toBe(1_000)
    expect(state.counts['dropped']).toBe(state.sent.reduce((sum, { leftOut }) => sum + leftOut, 0))
    expect(state.sent.some(({ text }) => /\d+ more messages were left out/.test(text))).toBe(true)
  })
})

test('a target may have the name of what every object has', async () => {
  const state = world()
  const { stop } = await start(state, { targets: [{ ...TARGET, name: 'constructor' }] })
  state.status = kill(state, 101)
  await state.clock.advance(MINUTE_MS)
  await stop()
  expect(titles(state)).toHaveLength(1)
})

describe('a daemon in trouble', () => {
  test('is told when it lasts, with what mends it, and told when it is over', async () => {
    const state = world()
    const { stop } = await start(state)
    state.verdict = STUCK
    await state.clock.advance(2 * MINUTE_MS)
    expect(state.sent).toEqual([])
    await state.clock.advance(3 * MINUTE_MS)
    state.verdict = DECIDING
    await state.clock.advance(5 * MINUTE_MS)
    await stop()
    expect(titles(state)).toEqual([
      'pve1: nothing is decided: lxc_autoscale_ml is not running',
      'pve1: over: nothing is decided: lxc_autoscale_ml is not running',
    ])
    expect(state.sent[0]?.text).toContain('What to do: systemctl start lxc_autoscale_ml')
  })

  test('a check that fails is told by what it says', async () => {
    const state = world()
    const { stop } = await start(state)
    const checks = {
      audit_log: { ok: false, detail: 'disk full' },
      deciding: { ok: false, detail: 'told by the verdict' },
    }
    state.health = { ...HEALTHY, status: 'unhealthy', checks }
    await state.clock.advance(15 * MINUTE_MS)
    await stop()
    expect(titles(state)).toEqual(['pve1: the check audit_log fails'])
    expect(state.sent[0]?.text).toContain('disk full')
  })

  test('a restart of this daemon neither repeats what was told nor forgets what stands', async () => {
    const state = world()
    const first = await start(state)
    state.verdict = STUCK
    await state.clock.advance(10 * MINUTE_MS)
    await first.stop()
    const second = await start(state)
    await state.clock.advance(10 * MINUTE_MS)
    expect(state.sent).toHaveLength(1)
    state.verdict = DECIDING
    await state.clock.advance(10 * MINUTE_MS)
    await second.stop()
    expect(titles(state)[1]).toBe('pve1: over: nothing is decided: lxc_autoscale_ml is not running')
  })

  test('a check that failed before a restart is not over before it was made again', async () => {
    const state = world()
    const first = await start(state)
    const checks = { audit_log: { ok: false, detail: 'disk full' } }
    state.health = { ...HEALTHY, status: 'unhealthy', checks }
    await state.clock.advance(15 * MINUTE_MS)
    await first.stop()
    await state.clock.advance(HOUR_MS)
    const second = await start(state)
    await state.clock.advance(10 * MINUTE_MS)
    await second.stop()
    expect(state.sent).toHaveLength(1)
  })

  test('what waited is sent after a restart', async () => {
    const state = world()
    const first = await start(state)
    state.status = kill(state, 101)
    await state.clock.advance(10_000)
    await first.stop()
    expect(state.sent).toEqual([])
    const second = await start(state)
    await state.clock.advance(MINUTE_MS)
    await second.stop()
    expect(state.sent).toHaveLength(1)
  })
})

test('a target that fails is tried again, told to the log once, and loses nothing', async () => {
  const state = world()
  const no = { isSent: false, text: 'it answers 500' }
  state.results = [no, no, no, { isSent: true, text: 'taken' }]
  const { stop } = await start(state)
  state.status = kill(state, 101)
  await state.clock.advance(MINUTE_MS)
  state.status = kill(state, 102)
  await state.clock.advance(10 * MINUTE_MS)
  await stop()
  expect(state.sent).toHaveLength(1)
  expect(state.sent[0]?.items.map(({ vmid }) => vmid)).toEqual([101, 102])
  expect(state.counts).toMatchObject({ sent: 1, failed: 3 })
  expect(state.log.messages('warn')).toEqual(['news cannot be sent; it is tried again'])
  expect(state.log.messages('info')).toEqual(['news sent'])
})

test('a bug in the sending ends nothing, and is told to the log', async () => {
  const state = world()
  const { stop, desk } = await start(state)
  state.results = []
  Object.defineProperty(state, 'results', {
    get() {
      throw new TypeError('a bug')
    },
  })
  expect((await desk.test(undefined)).targets[0]).toMatchObject({ is_sent: false })
  state.status = kill(state, 101)
  await state.clock.advance(2 * MINUTE_MS)
  await stop()
  // Once for the test message, and then as often as it is tried.
  expect(state.log.messages('error').length).toBeLessThan(5)
})

describe('states of containers', () => {
  const AT_MAXIMUM = containerStatus({
    allocation: { cores: 4, memory_mb: 1_024 },
    decision: {
      time: '2026-03-01T12:00:00.000Z',
      policy: 'adaptive',
      from: { cores: 4, memory_mb: 1_024 },
      to: { cores: 4, memory_mb: 1_024 },
      wanted: { cores: 6, memory_mb: 1_024 },
      cores: 'keep',
      memory: 'keep',
      is_in_need: true,
      is_to_be_applied: true,
      held_by: { cores: 'share-host', memory: null },
      held_until: { cores: null, memory: null },
      at_maximum: { cores: true, memory: false },
      limits: { min_cores: 1, max_cores: 4, min_memory_mb: 64, max_memory_mb: null },
      reasons: [{ rule: 'share-host', text: 'the host is short: cores 4 -> 4 instead of 6' }],
    },
  })

  const ABNORMAL = containerStatus({
    verdict: {
      is_anomalous: true,
      is_acted_on: true,
      confidence: 99,
      score: 0.8,
      threshold: 0.6,
      source: 'container',
      features: [],
      why: 'reads and writes',
    },
  })

  test('at its maximum for an hour', async () => {
    const state = world()
    const { stop } = await start(state, { events: ['at_maximum'] })
    state.status = modelStatus({ containers: [AT_MAXIMUM] })
    await state.clock.advance(55 * MINUTE_MS)
    expect(state.sent).toEqual([])
    await state.clock.advance(10 * MINUTE_MS)
    state.status = modelStatus()
    await state.clock.advance(15 * MINUTE_MS)
    await stop()
    expect(titles(state)).toEqual([
      'pve1: web (101): at its maximum of 4 cores',
      'pve1: web (101): over: at its maximum of 4 cores',
    ])
    expect(state.sent[0]?.text).toContain('By what it uses it would get 6 cores.')
    expect(state.sent[0]?.text).toContain('raise max_cpu_cores')
  })

  test('nothing is over while the model decides nothing', async () => {
    const state = world()
    const { stop } = await start(state, { events: ['abnormal'] })
    state.status = modelStatus({ containers: [ABNORMAL] })
    await state.clock.advance(10 * MINUTE_MS)
    state.status = modelStatus({ cycle: { outcome: 'stale' } })
    await state.clock.advance(40 * MINUTE_MS)
    state.status = undefined
    await state.clock.advance(40 * MINUTE_MS)
    expect(state.sent).toHaveLength(1)
    state.status = modelStatus()
    await state.clock.advance(40 * MINUTE_MS)
    await stop()
    expect(titles(state)[1]).toBe('pve1: web (101): over: it does not behave as usual')
  })

  test('a host that is short, by the model or by what the API refused', async () => {
    const state = world()
    const { stop, desk } = await start(state, { events: ['host_short'] })
    state.status = modelStatus({ containers: [AT_MAXIMUM] })
    const refused = historyEntry({
      lxc_id: 102,
      name: 'db',
      outcome: 'refused',
      error: 'HOST_CAPACITY',
      message: 'the host has 512 MB',
    })
    desk.note({ ...refused, idempotency_key: '0123456789abcdef-1-1' })
    desk.note({ ...refused, lxc_id: 103, message: '500 cores are more than the 9 of the host' })
    await state.clock.advance(MINUTE_MS)
    expect(titles(state)).toEqual(['pve1: the host is short: 2 containers do not get what they need'])
    expect(state.sent[0]?.text).toContain('db (102): the host has 512 MB')
    state.status = modelStatus()
    await state.clock.advance(10 * MINUTE_MS)
    await stop()
    expect(state.sent).toHaveLength(1)
  })

  test('a host that is short for very many is told with some of them and what to do', async () => {
    const state = world()
    const { stop } = await start(state, { events: ['host_short'] })
    const containers = Array.from({ length: 60 }, (_, at) => ({ ...AT_MAXIMUM, vmid: 101 + at }))
    state.status = modelStatus({ containers })
    await state.clock.advance(MINUTE_MS)
    await stop()
    expect(state.sent).toMatchObject([
      { leftOut: 0, text: expect.stringMatching(/(?:.*\(1\d\d\):.*\n){10} {2}and 50 more\n {2}What/) },
    ])
  })

  test('changes of one container that are refused again and again', async () => {
    const state = world()
    const { stop, desk } = await start(state)
    const refused = historyEntry({ outcome: 'refused', error: 'OUT_OF_BOUNDS', message: '9 is above 8' })
    const ordinary = [
      historyEntry({ outcome: 'refused', error: 'QUEUE_FULL' }),
      historyEntry({ outcome: 'unchanged' }),
      historyEntry({ outcome: 'refused', error: 'OUT_OF_BOUNDS', action: 'clone-create' }),
    ]
    for (const entry of [refused, refused, refused, refused, ...ordinary, ...ordinary]) desk.note(entry)
    await state.clock.advance(10 * MINUTE_MS)
    expect(state.sent).toEqual([])
    desk.note(refused)
    await state.clock.advance(MINUTE_MS)
    expect(titles(state)).toEqual(['pve1: shop (101): 5 changes were refused or failed within an hour'])
    expect(state.sent[0]?.text).toContain('9 is above 8')
    for (let minute = 0; minute < 10; minute++) {
      desk.note(refused)
      await state.clock.advance(MINUTE_MS)
    }
    await stop()
    expect(state.sent).toHaveLength(1)
  })

  test('what behaves abnormally, where that is wanted', async () => {
    const told = async (events: Readonly<Record<string, unknown>>) => {
      const state = world()
      const { stop } = await start(state, events)
      state.status = modelStatus({ containers: [ABNORMAL] })
      await state.clock.advance(10 * MINUTE_MS)
      await stop()
      return titles(state)
    }
    expect(await told({ events: ['abnormal'] })).toEqual(['pve1: web (101): it does not behave as usual'])
    expect(await told({})).toEqual([])
  })
})

describe('the daily summary', () => {
  test('that fails takes no other news with it', async () => {
    const state = world()
    const { stop } = await start(state, { daily_summary_at: '12:30' })
    state.historyProblem = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    // It is told after three minutes, in the look at which the summary is due.
    await state.clock.advance(27 * MINUTE_MS - 10_000)
    state.verdict = STUCK
    await state.clock.advance(20 * MINUTE_MS)
    await stop()
    expect(titles(state)).toEqual(['pve1: nothing is decided: lxc_autoscale_ml is not running'])
  })

  test('comes at its time, once, with what happened', async () => {
    const state = world()
    const { stop } = await start(state, { daily_summary_at: '13:30' })
    const size = (cores: number) => ({ cores, cpulimit: null, memory_mb: 512, swap_mb: 0 })
    const time = new Date(state.clock.nowMs() + MINUTE_MS).toISOString()
    state.history = [
      historyEntry({ time, before: size(1), after: size(2) }),
      historyEntry({ time, before: size(2), after: size(1), undo_of: 'x' }),
      historyEntry({ time, outcome: 'refused', error: 'OUT_OF_BOUNDS', count: 7 }),
      historyEntry({ time: '2026-02-01T00:00:00.000Z', before: size(1), after: size(2) }),
    ]
    state.status = kill(state, 101, 3)
    await state.clock.advance(HOUR_MS)
    expect(titles(state)).toEqual([expect.stringContaining('killed')])
    await state.clock.advance(HOUR_MS)
    await stop()
    expect(titles(state).slice(1)).toEqual(['pve1: summary of 90 min'])
    expect(state.sent[1]?.priority).toBe('low')
    expect(state.sent[1]?.text.split('\n').map(line => line.trim())).toEqual([
      'summary of 90 min',
      'Changes: cores 1 up, 1 down; memory 0 up, 0 down; of these 1 took another one back.',
      'Not made: 7 refused, 0 failed.',
      'Killed: 3 at the limit of their container, 0 inside limits of their own.',
      'Given now, against before the first changes: 14.0 cores less, 22.0 GB less.',
      'Nothing else stands.',
    ])
  })
})

test('a reload takes effect: another target, other events, another limit', async () => {
  const state = world()
  const { stop, use, desk } = await start(state, { targets: [] })
  await expect(desk.test(undefined)).rejects.toMatchObject({ code: 'STATE_NOT_ALLOWED' })
  state.status = kill(state, 101)
  await state.clock.advance(MINUTE_MS)
  expect(state.sent).toEqual([])
  use({ events: ['killed'] })
  await state.clock.advance(MINUTE_MS)
  state.status = kill(state, 101)
  await state.clock.advance(MINUTE_MS)
  await stop()
  expect(state.sent).toHaveLength(1)
})

test('a test message goes to the targets that are asked for, also when nothing may be sent any more', async () => {
  const state = world()
  const { stop, desk } = await start(state, { targets: [TARGET, { ...TARGET, name: 'other' }] })
  expect(await desk.test('other')).toEqual({
    targets: [{ target: 'other', type: 'webhook', is_sent: true, text: 'taken' }],
  })
  expect((await desk.test(undefined)).targets).toHaveLength(2)
  expect(titles(state)).toEqual(Array(3).fill('pve1: a test message'))
  await expect(desk.test('nobody')).rejects.toThrow('there is none called nobody; there are hook, other')
  await stop()
})
