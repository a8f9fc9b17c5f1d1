import type { WhatIfJob, WhatIfResult } from '@lxc-autoscale/core'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ReplayTerms } from '../../../../packages/api/src/replays/replay-process.ts'
import { replaySamples } from '../../../../packages/api/src/replays/samples.ts'
import { replaySettings } from '../../../../packages/api/src/replays/settings.ts'
import { WhatIfs } from '../../../../packages/api/src/replays/what-ifs.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'

const JOB = { vmid: 101, samples: { timesS: [1, 2, 3] } } as unknown as WhatIfJob
const RESULT = { step_seconds: 60 } as unknown as WhatIfResult

interface Begun {
  readonly terms: ReplayTerms
  finish(): void
  fail(error: Error): void
}

let clock: FakeClock
let begun: Begun[]
let log: ReturnType<typeof recordingLog>
let whatIfs: WhatIfs
let stopping: AbortController

beforeEach(() => {
  clock = new FakeClock()
  begun = []
  log = recordingLog()
  stopping = new AbortController()
  const replay = (_job: WhatIfJob, terms: ReplayTerms) =>
    new Promise<WhatIfResult>((resolve, reject) => {
      terms.signal.addEventListener('abort', () => reject(new Error('aborted')))
      begun.push({ terms, finish: () => resolve(RESULT), fail: reject })
    })
  whatIfs = new WhatIfs({ clock, log: log.log, replay, signal: stopping.signal })
})

const begin = () => whatIfs.begin(101, async () => JOB).id
const settle = () => clock.advance(0)

describe('a replay', () => {
  test('tells how far it is, and what came of it', async () => {
    const id = begin()
    await settle()
    begun[0]?.terms.onProgress(0.25)
    expect(whatIfs.find(id)).toMatchObject({
      state: 'running',
      progress: 0.25,
      text: 'replays 3 moments',
      result: null,
    })
    begun[0]?.finish()
    await settle()
    expect(whatIfs.find(id)).toMatchObject({ state: 'done', progress: 1, result: RESULT })
  })

  test('runs alone; those that wait follow in their order, and beyond three nobody waits', async () => {
    const ids = [begin(), begin(), begin(), begin()]
    await settle()
    expect(ids.map(id => whatIfs.find(id).state)).toEqual(['running', 'waiting', 'waiting', 'waiting'])
    expect(begin).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
    expect(begun).toHaveLength(1)
    begun[0]?.finish()
    await settle()
    expect(ids.map(id => whatIfs.find(id).state)).toEqual(['done', 'running', 'waiting', 'waiting'])
  })

  test.each([0, 1])('is ended by who cancels it, running or waiting (%i), and the next one has its turn', async at => {
    const ids = [begin(), begin(), begin()]
    await settle()
    expect(whatIfs.cancel(ids[at] ?? '').state).toBe('cancelled')
    expect(begun[0]?.terms.signal.aborted).toBe(at === 0)
    if (at === 1) begun[0]?.finish()
    await settle()
    expect(ids.map(id => whatIfs.find(id).state)).toEqual([at === 0 ? 'cancelled' : 'done', ...(at === 0 ? ['running', 'waiting'] : ['cancelled', 'running'])]) // biome-ignore format: one thought
    begun[0]?.terms.onProgress(0.5)
    expect(whatIfs.find(ids[0] ?? '').progress).not.toBe(0.5)
  })

  test('that fails says why, is logged, and lets the next one have its turn', async () => {
    const ids = [begin(), begin()]
    await settle()
    begun[0]?.fail(new Error('it ended by SIGABRT'))
    await settle()
    expect(whatIfs.find(ids[0] ?? '')).toMatchObject({ state: 'failed', text: 'it ended by SIGABRT', result: null })
    expect(whatIfs.find(ids[1] ?? '').state).toBe('running')
    expect(log.messages('warn')).toEqual(['replay failed'])
  })

  test('that takes too long is ended', async () => {
    const id = begin()
    await clock.advance(60_000)
    expect(whatIfs.find(id)).toMatchObject({ state: 'failed', text: 'took longer than 60 s' })
    expect(begun[0]?.terms.signal.aborted).toBe(true)
    begin()
    await settle()
    expect(begun).toHaveLength(2)
  })

  test('is ended when the daemon stops', async () => {
    begin()
    await settle()
    stopping.abort()
    await settle()
    expect(begun[0]?.terms.signal.aborted).toBe(true)
    expect(log.messages('warn')).toEqual([])
  })

  test('is forgotten after ten minutes, the oldest ones before that when there are many', async () => {
    const first = begin()
    for (let ended = 0; ended < 9; ended++) {
      if (ended > 0) begin()
      await settle()
      begun[ended]?.finish()
      await settle()
    }
    expect(() => whatIfs.find(first)).toThrow(expect.objectContaining({ code: 'REPLAY_NOT_FOUND' }))
    const last = begin()
    await settle()
    begun.at(-1)?.finish()
    await clock.advance(600_000)
    expect(whatIfs.find(last).state).toBe('done')
    await clock.advance(1)
    expect(() => whatIfs.find(last)).toThrow(expect.objectContaining({ code: 'REPLAY_NOT_FOUND' }))
  })
})

describe('settings', () => {
  test('are those that were asked for, sizes with a unit as numbers', () => {
    expect(replaySettings({ policy: 'threshold', min_ram_mb: '2G' })).toEqual({
      policy: 'threshold',
      min_ram_mb: 2_048,
    })
  })

  test.each([
    [{ throttling_prise: 3 }, /settings\.throttling_prise: .*throttling_price/],
    [{ throttling_price: 0 }, /settings\.throttling_price: .*0/],
    [{ policy: 'bold' }, /settings\.policy: .*bold/],
    [{ min_ram_mb: 4_096, max_ram_mb: 512 }, /settings\.min_ram_mb: must not be above max_ram_mb/],
    [{ data_file: '/etc/shadow' }, /settings\.data_file/],
    [{ api_key: 'x' }, /settings\.api_key/],
  ])('%j is refused with the key, the value and what is right', (asked, message) => {
    expect(() => replaySettings(asked)).toThrow(message)
  })
})

test('of a history are replayed the mean of the cores and the most memory, where either is known', () => {
  const samples = replaySamples({
    since: '2026-01-05T00:00:00.000Z',
    step_seconds: 60,
    cores_used: { min: [0, null, 0.1], mean: [0.5, null, 0.6], max: [1, null, 2] },
    cores_given: [2, 2, 2],
    throttled_percent: [null, null, 3],
    memory_used_mb: { min: [10, null, 20], mean: [15, null, 25], max: [20, null, null] },
    memory_given_mb: [512, 512, 512],
  })
  const startS = Date.UTC(2026, 0, 5) / 1_000
  expect(samples).toEqual({
    timesS: [startS + 60, startS + 180],
    coresUsed: [0.5, 0.6],
    coresGiven: [2, 2],
    throttledPercent: [null, 3],
    memoryUsedMb: [20, null],
    memoryGivenMb: [512, 512],
  })
})
