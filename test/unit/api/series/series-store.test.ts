import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerSample } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { COLUMN_COUNT } from '../../../../packages/api/src/series/columns.ts'
import { RingFile, TEN_MINUTES } from '../../../../packages/api/src/series/ring-file.ts'
import { SeriesStore } from '../../../../packages/api/src/series/series-store.ts'
import { newSample } from '../../../builders/new-sample.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

const START_MS = Date.UTC(2026, 0, 5)
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const INTERVAL_MS = 10 * SECOND_MS

type Measure = (timeMs: number) => Partial<ContainerSample>

async function setUp() {
  const directory = temporaryDirectory()
  const clock = new FakeClock(START_MS)
  const { log, messages } = recordingLog()
  const open = () => SeriesStore.open({ directory, clock, log })
  return { directory, folder: join(directory, 'series'), clock, messages, open, store: await open() }
}

/** The samples of a time, by cycle, as the metrics file gives them; the clock goes with them. */
async function measure(
  { store, clock }: { store: SeriesStore; clock: FakeClock },
  durationMs: number,
  {
    vmids = [101],
    of = () => ({}),
    intervalMs = INTERVAL_MS,
  }: { vmids?: number[]; of?: Measure; intervalMs?: number } = {},
): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += intervalMs) {
    const timestampMs = clock.nowMs()
    const samples = vmids.map(vmid => newSample({ vmid }, { timestampMs, ...of(timestampMs) }))
    if (store.add(samples, intervalMs)) await store.settle(false)
    clock.passMs(intervalMs)
  }
  await store.settle(true)
}

/** What is told of the time up to now. */
function told(store: SeriesStore, clock: FakeClock, backMs: number, steps = 2_000) {
  return store.series(101, { sinceMs: clock.nowMs() - backMs, untilMs: clock.nowMs(), steps })
}

const known = (column: readonly (number | null)[]) => column.filter(value => value !== null)

describe('the history of a container', () => {
  test('is that of its samples, then of minutes, then of ten minutes, with the extremes of all', async () => {
    const { store, clock } = await setUp()
    const of: Measure = timeMs => ({
      cpuCoresUsed: timeMs % MINUTE_MS === 0 ? 1.5 : 0.5,
      memoryLimitMb: timeMs < START_MS + 150 * MINUTE_MS ? 1_024 : 2_048,
      memoryEvents: { high: 0, max: 0, oomKill: timeMs % (10 * MINUTE_MS) === 0 ? 1 : 0, innerMax: 0, innerOomKill: 0 },
    })
    await measure({ store, clock }, 3 * HOUR_MS, { of })
    const samples = await told(store, clock, HOUR_MS)
    expect(samples).toMatchObject({ source: 'samples', step_seconds: 20 })
    expect(known(samples.cores_used.mean)).toHaveLength(180)
    const minutes = await told(store, clock, 3 * HOUR_MS)
    expect(minutes).toMatchObject({ source: 'minutes', step_seconds: 60 })
    expect(new Set(minutes.cores_used.max)).toEqual(new Set([1.5]))
    expect(new Set(minutes.cores_used.mean)).toEqual(new Set([0.667]))
    expect([minutes.memory_given_mb[149], minutes.memory_given_mb[150]]).toEqual([1_024, 2_048])
    clock.passMs(10 * MINUTE_MS)
    const tens = await told(store, clock, 3 * DAY_MS)
    expect(tens).toMatchObject({ source: 'ten_minutes', step_seconds: 600 })
    expect(known(tens.cores_used.min)).toEqual(Array(18).fill(0.5))
    expect(known(tens.kills)).toEqual(Array(18).fill(1))
  })

  test('holds nothing of what was not measured, and of the others nothing', async () => {
    const { store, clock } = await setUp()
    await measure({ store, clock }, 5 * MINUTE_MS, { of: () => ({ memoryUsageMb: undefined, cpuCoresUsed: 0 }) })
    const { cores_used, memory_used_mb } = await told(store, clock, HOUR_MS)
    expect(known(cores_used.mean)).toEqual(Array(15).fill(0))
    expect(known(memory_used_mb.max)).toEqual([])
    const other = await store.series(102, { sinceMs: START_MS, untilMs: clock.nowMs(), steps: 600 })
    expect(known(other.cores_used.mean)).toEqual([])
  })

  test('of a young installation is told from its samples, however far back is asked', async () => {
    const { store, clock } = await setUp()
    await measure({ store, clock }, 2 * MINUTE_MS)
    expect(await told(store, clock, HOUR_MS)).toMatchObject({ source: 'samples' })
    await measure({ store, clock }, 2 * HOUR_MS)
    expect(await told(store, clock, 2 * HOUR_MS)).toMatchObject({ source: 'minutes' })
  })
})

test('a container that was not measured for a while has a gap there, and nothing of long ago in its place', async () => {
  const around = await setUp()
  await measure(around, HOUR_MS, { vmids: [101, 102] })
  await measure(around, HOUR_MS, { vmids: [102] })
  await measure(around, 10 * MINUTE_MS, { vmids: [101, 102] })
  const { source, cores_used } = await told(around.store, around.clock, 75 * MINUTE_MS)
  expect(source).toBe('samples')
  expect(known(cores_used.mean)).toHaveLength(3 * 15)
  expect(known(cores_used.mean.slice(16, 194))).toEqual([])
})

test('samples that came seldom once are told as minutes, though they are among the last', async () => {
  const around = await setUp()
  await measure(around, DAY_MS, { intervalMs: 10 * MINUTE_MS })
  await measure(around, 30 * MINUTE_MS)
  expect(await told(around.store, around.clock, 2 * HOUR_MS)).toMatchObject({ source: 'minutes' })
  expect(await told(around.store, around.clock, 25 * MINUTE_MS)).toMatchObject({ source: 'samples' })
})

describe('a restart', () => {
  test('costs nothing that the metrics file still has, wherever the process was killed', async () => {
    const around = await setUp()
    const of: Measure = timeMs => ({ cpuCoresUsed: 1 + ((timeMs - START_MS) / MINUTE_MS) * 0.25 })
    await measure(around, 64 * MINUTE_MS, { of })
    const before = await told(around.store, around.clock, DAY_MS)
    const restarted = await around.open()
    const file = { store: restarted, clock: new FakeClock(START_MS + 30 * MINUTE_MS) }
    await measure(file, 34 * MINUTE_MS, { of })
    expect(await told(restarted, around.clock, DAY_MS)).toEqual(before)
    expect(await told(restarted, around.clock, 5 * DAY_MS)).toEqual(await told(around.store, around.clock, 5 * DAY_MS))
    expect(restarted.sparks([101], around.clock.nowMs())).toEqual(around.store.sparks([101], around.clock.nowMs()))
  })

  test('after a stop loses nothing but the minute that was not over, without any metrics file', async () => {
    const around = await setUp()
    await measure(around, 64 * MINUTE_MS + 30_000)
    await around.store.save()
    const after = await told(await around.open(), around.clock, DAY_MS)
    expect(known(after.cores_used.mean)).toHaveLength(64)
  })

  test('while the clock is years ahead loses nothing of the time before but the minute that was not over', async () => {
    const around = await setUp()
    await measure(around, 2 * HOUR_MS)
    await around.store.save()
    around.clock.stepWallMs(3 * 365 * DAY_MS)
    const restarted = await around.open()
    await measure({ ...around, store: restarted }, 20 * MINUTE_MS)
    expect(readdirSync(around.folder)).toEqual(['101'])
    around.clock.stepWallMs(-3 * 365 * DAY_MS)
    await measure({ ...around, store: restarted }, 20 * MINUTE_MS)
    const { cores_used } = await told(restarted, around.clock, 12 * HOUR_MS)
    expect(known(cores_used.mean)).toHaveLength(139)
  })
})

test('what is measured again after the clock was set back takes the place of what was measured first', async () => {
  const around = await setUp()
  await measure(around, 30 * MINUTE_MS, { of: () => ({ cpuCoresUsed: 1 }) })
  around.clock.stepWallMs(-20 * MINUTE_MS)
  await measure(around, 20 * MINUTE_MS, { of: () => ({ cpuCoresUsed: 1.5 }) })
  const { cores_used } = await around.store.series(101, {
    sinceMs: START_MS,
    untilMs: START_MS + 30 * MINUTE_MS,
    steps: 15,
  })
  expect(cores_used.mean).toEqual([...Array(5).fill(1), ...Array(10).fill(1.5)])
})

describe('a folder that cannot be written', () => {
  test('is told once, hurts nothing else, and is used again when it can be', async () => {
    const { folder, clock, messages, open } = await setUp()
    rmSync(folder, { recursive: true })
    writeFileSync(folder, 'in the way')
    const store = await open()
    await measure({ store, clock }, 35 * MINUTE_MS)
    expect(messages('warn')).toEqual(['the history of the figures cannot be kept'])
    expect(known((await told(store, clock, HOUR_MS)).cores_used.mean).length).toBeGreaterThan(100)
    rmSync(folder)
    await measure({ store, clock }, 11 * MINUTE_MS)
    expect(messages('info')).toEqual(['the history of the figures is kept again'])
    const after = await told(await open(), clock, 3 * HOUR_MS)
    expect(known(after.cores_used.mean).length).toBeGreaterThanOrEqual(40)
  })

  test('costs the other containers nothing when it is the file of one', async () => {
    const { folder, clock, messages, store } = await setUp()
    mkdirSync(join(folder, '101'))
    await measure({ store, clock }, 11 * MINUTE_MS, { vmids: [101, 102] })
    expect(messages('warn')).toHaveLength(1)
    expect(existsSync(join(folder, '102'))).toBe(true)
    await expect(told(store, clock, 3 * DAY_MS)).rejects.toMatchObject({ code: 'HOST_UNREADABLE' })
  })
})

describe('the file of a container that is gone', () => {
  async function gone() {
    const around = await setUp()
    await measure(around, 11 * MINUTE_MS, { vmids: [101, 102] })
    const writtenMs = START_MS / SECOND_MS
    utimesSync(join(around.folder, '102'), writtenMs, writtenMs)
    around.clock.stepWallMs(61 * DAY_MS)
    return { ...around, store: await around.open() }
  }

  test('stays when the clock was only set, and goes when others were measured meanwhile', async () => {
    const around = await gone()
    await measure(around, 11 * MINUTE_MS)
    expect(readdirSync(around.folder).sort()).toEqual(['101', '102'])
    const end = Math.floor(around.clock.nowMs() / TEN_MINUTES.stepMs)
    const codes = new Uint16Array(COLUMN_COUNT)
    const records = Array.from({ length: 31 * 144 }, (_, at) => ({ tier: TEN_MINUTES, slot: end - 1 - at, codes }))
    await new RingFile(join(around.folder, '101')).write(records)
    await measure(around, 11 * MINUTE_MS)
    expect(readdirSync(around.folder)).toEqual(['101'])
  })
})

test('sparklines are the means of the steps that are over, and nothing where nothing was measured', async () => {
  const { store, clock } = await setUp()
  const of: Measure = timeMs => ({
    cpuCoresUsed: timeMs < START_MS + 5 * MINUTE_MS ? 0.5 : 1.5,
    memoryUsageMb: undefined,
  })
  await measure({ store, clock }, 11 * MINUTE_MS, { of })
  const { '101': spark, '102': other } = store.sparks([101, 102], clock.nowMs())
  expect(spark?.cores).toEqual([...Array(46).fill(null), 0.5, 1.5])
  expect([spark?.memory_mb, other?.cores]).toEqual([Array(48).fill(null), Array(48).fill(null)])
})
