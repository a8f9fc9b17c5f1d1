import { AutoscaleError, type HistoryEntryBody } from '@lxc-autoscale/core'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Change, ChangeOrigin } from '../../../../packages/api/src/changes/change-runner.ts'
import type { ScaleParts, Shrink } from '../../../../packages/api/src/changes/scale-container.ts'
import { ShrinkWatch } from '../../../../packages/api/src/changes/shrink-watch.ts'
import { ApiConfig } from '../../../../packages/api/src/config.ts'
import type { MemoryTrouble } from '../../../../packages/api/src/host/cgroup.ts'
import type { ContainerFacts } from '../../../../packages/api/src/host/container-facts.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'
import { recordingLog } from '../../../fakes/recording-log.ts'

const MB = 1_048_576
const SECOND = 1_000

const shrunk = containerFacts({ configured: allocation({ cores: 2, memoryMb: 512 }) })
const shrink: Shrink = { changeId: 'c', vmid: 101, fromMb: 1_024, toMb: 512, trouble: { ooms: 2, stalledPercent: 0 } }

let clock: FakeClock
let facts: ContainerFacts
let floorMb: number
let trouble: MemoryTrouble
let asked: { change: Change; origin: ChangeOrigin }[]
let refusal: AutoscaleError | undefined
let stopping: AbortController
let watch: ShrinkWatch

beforeEach(() => {
  clock = new FakeClock()
  facts = shrunk
  floorMb = 300
  trouble = { ooms: 2, stalledPercent: 0 }
  asked = []
  refusal = undefined
  stopping = new AbortController()
  const run = async (change: Change, origin: ChangeOrigin) => {
    asked.push({ change, origin })
    if (refusal !== undefined) throw refusal
    facts = containerFacts()
    return { before: 1, after: 2, changed: true, message: '', changeId: 'd', warning: undefined }
  }
  watch = new ShrinkWatch({ runner: { run }, log: recordingLog().log, signal: stopping.signal })
})

function parts(): ScaleParts {
  const memory = () => ({ floorBytes: floorMb * MB, usageBytes: floorMb * MB })
  // The watch uses nothing else.
  return {
    clock,
    containers: { list: async () => [101], read: async () => facts },
    cgroups: { memory, trouble: () => trouble },
    safety: ApiConfig.parse({}).safety,
  } as unknown as ScaleParts
}

describe('a container whose memory was lowered', () => {
  test('is left alone while nothing shows that it needs more', async () => {
    watch.begin(shrink, parts())
    await clock.advance(20 * SECOND)
    expect(asked).toEqual([])
  })

  test.each([
    ['was out of memory', () => (trouble = { ooms: 3, stalledPercent: 0 }), 'the container was out of memory'],
    ['stalls', () => (trouble = { ooms: 2, stalledPercent: 12 }), 'stalled for memory 12 % of ten seconds'],
    ['grew into its margin', () => (floorMb = 495), 'cannot give up 495 MB; with the margin the least is 527 MB'],
  ])('gets it back at once when it %s', async (_, happens, why) => {
    watch.begin(shrink, parts())
    await clock.advance(3 * SECOND)
    happens()
    await clock.advance(SECOND)
    const [{ change, origin } = {}] = asked
    expect(change).toMatchObject({ action: 'scale', vmid: 101, undoOf: 'c', asked: { memory: 1_024 } })
    expect(origin).toMatchObject({ who: { key: 'lxc-autoscale', role: 'service', address: '' }, force: false })
    expect(origin?.why).toContain(why)
    await clock.advance(20 * SECOND)
    expect(asked).toHaveLength(1)
  })

  test('gets it back without a pause when it grew before the limit was written', async () => {
    floorMb = 600
    watch.begin(shrink, parts())
    await clock.advance(0)
    expect(asked).toHaveLength(1)
  })

  test('keeps what a person set meanwhile', async () => {
    watch.begin(shrink, parts())
    await clock.advance(100)
    facts = containerFacts({ configured: allocation({ memoryMb: 600 }) })
    floorMb = 580
    await clock.advance(20 * SECOND)
    expect(asked).toEqual([])
  })

  test('is no longer looked at after ten seconds, when it was stopped, or when the daemon stops', async () => {
    watch.begin(shrink, parts())
    await clock.advance(10 * SECOND)
    floorMb = 500
    await clock.advance(SECOND)
    watch.begin(shrink, parts())
    stopping.abort()
    await clock.advance(SECOND)
    facts = containerFacts({ status: 'stopped' })
    await clock.advance(SECOND)
    expect(asked).toEqual([])
  })

  test('is tried three times while Proxmox holds a lock, and once when it is refused for good', async () => {
    refusal = new AutoscaleError('CONTAINER_LOCKED', 'CT is locked (backup)')
    floorMb = 500
    watch.begin(shrink, parts())
    await clock.advance(20 * SECOND)
    expect(asked).toHaveLength(3)
    refusal = new AutoscaleError('ALLOCATION_MOVED', 'another memory than expected')
    watch.begin(shrink, parts())
    await clock.advance(20 * SECOND)
    expect(asked).toHaveLength(4)
  })

  test('that stalled just as much before is not given back for that', async () => {
    trouble = { ooms: 2, stalledPercent: 30 }
    watch.begin({ ...shrink, trouble }, parts())
    await clock.advance(20 * SECOND)
    expect(asked).toEqual([])
  })
})

test('of two shrinks of one container only the newer one is looked at', async () => {
  watch.begin({ ...shrink, fromMb: 4_096 }, parts())
  await clock.advance(SECOND)
  watch.begin({ ...shrink, changeId: 'newer' }, parts())
  floorMb = 500
  await clock.advance(3 * SECOND)
  expect(asked.map(({ change }) => change.undoOf)).toEqual(['newer'])
})

describe('after a restart', () => {
  const before = { cores: 2, cpulimit: null, memory_mb: 1_024, swap_mb: 0 }
  const after = { ...before, memory_mb: 512 }

  async function resumed(fields: Partial<HistoryEntryBody>, agoSeconds: number) {
    const time = new Date(clock.nowMs() - agoSeconds * SECOND).toISOString()
    const usual = { action: 'scale', outcome: 'applied', lxc_id: 101, before, after, duration_seconds: 1 } as const
    const entry = historyEntry({ ...usual, time, ...fields })
    floorMb = 500
    await watch.resume(
      (async function* () {
        yield entry
      })(),
      parts(),
    )
    await clock.advance(SECOND)
    return asked.length
  }

  test('a shrink of the last ten seconds is looked at, also one that was interrupted', async () => {
    expect(await resumed({}, 5)).toBe(1)
    facts = shrunk
    expect(await resumed({ outcome: 'unknown', duration_seconds: null }, 60)).toBe(2)
  })

  test.each([
    ['an older one', {}, 30],
    ['one that was refused', { outcome: 'refused' }, 5],
    ['one that a person forced', { force: true }, 5],
    ['a growth', { before: after, after: before }, 5],
  ] as const)('%s is not', async (_, fields, agoSeconds) => {
    expect(await resumed(fields, agoSeconds)).toBe(0)
  })
})
