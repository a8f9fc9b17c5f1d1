import type { ContainerSample } from '@lxc-autoscale/core'
import { POLICY_NAMES, type PolicyName } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { POLICIES } from '../../../../packages/model/src/policy/policies/index.ts'
import { ContainerDay, type Wanted } from '../../../builders/container-day.ts'
import { localSample, MONDAY_MS, settings } from '../../../builders/sizing.ts'

const START = { cores: 2, memoryMb: 1_024 }
const DAY = 1_440

/** A day of a container: a level, a swing over the day, noise, and bursts. */
const days = fc.record({
  cores: fc.double({ min: 0.05, max: 1.5, noNaN: true }),
  memoryMb: fc.double({ min: 50, max: 700, noNaN: true }),
  swing: fc.double({ min: 0, max: 0.5, noNaN: true }),
  noise: fc.double({ min: 0, max: 0.1, noNaN: true }),
  burstEvery: fc.integer({ min: 30, max: 600 }),
})
type Day = typeof days extends fc.Arbitrary<infer Shape> ? Shape : never

function minutesOf({ cores, memoryMb, swing, noise, burstEvery }: Day): readonly Wanted[] {
  return Array.from({ length: DAY }, (_, minute) => {
    const load = 1 + swing * Math.sin((2 * Math.PI * minute) / DAY) + noise * Math.sin(minute * 12.9898)
    return { cores: cores * load * (minute % burstEvery < 3 ? 2 : 1), memoryMb: memoryMb * load }
  })
}

type Change = (usual: ContainerSample) => Partial<ContainerSample>

/** One figure of a sample that no machine can have, of every field that anything is learned from. */
const impossible: fc.Arbitrary<Change> = fc.oneof(
  figure('cpuUsagePercent', 400, 1e12),
  figure('cpuCoresUsed', 30, 1e9),
  figure('cpuCores', 8_193, 1e9),
  figure('cpuThrottledPercent', 102, 1e9),
  figure('memoryUsageMb', 40_000, 1.8e13),
  figure('memoryLimitMb', 2 ** 33, 1.8e13),
  figure('memoryFloorMb', 40_000, 1.8e13),
  figure('swapUsageMb', 40_000, 1.8e13),
  figure('swapTotalMb', 2 ** 33, 1.8e13),
  figure('processCount', 2 ** 23, 1e12),
  figure('filesystemUsageGb', 2 ** 34, 1e12),
  figure('filesystemFreeGb', 2 ** 34, 1e12),
  figure('filesystemTotalGb', 2 ** 34, 1e12),
  wrong(2 ** 54, 1.8e19).map(
    (rxBytes): Change =>
      () => ({ networkUsage: { rxBytes, txBytes: 0 } }),
  ),
  wrong(2 ** 54, 1.8e19).map(
    (writes): Change =>
      () => ({ ioStats: { reads: 0, writes } }),
  ),
  nested(
    'pressure',
    ['cpuSomePercent', 'memorySomePercent', 'memoryFullPercent', 'ioSomePercent', 'ioFullPercent'],
    102,
  ),
  nested('memoryEvents', ['high', 'max', 'oomKill', 'innerMax', 'innerOomKill'], 2 ** 33),
)

function wrong(from: number, to: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.double({ min: from, max: to, noNaN: true }),
    fc.double({ min: -1e9, max: -1e-3, noNaN: true }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 2 ** 64 - 4_096),
  )
}

function figure(name: keyof ContainerSample, from: number, to: number): fc.Arbitrary<Change> {
  return wrong(from, to).map(
    (value): Change =>
      () => ({ [name]: value }),
  )
}

function nested(name: 'pressure' | 'memoryEvents', parts: readonly string[], from: number): fc.Arbitrary<Change> {
  return fc.tuple(fc.constantFrom(...parts), wrong(from, 1e15)).map(
    ([part, value]): Change =>
      usual => ({ [name]: { ...usual[name], [part]: value } }),
  )
}

const minutes = fc.integer({ min: 1, max: DAY - 1 })

describe.each(POLICY_NAMES)('policy %s', policy => {
  test('one impossible sample of any field, anywhere in a day, changes no decision at all', () => {
    fc.assert(
      fc.property(days, impossible, minutes, (shape, figures, minute) => {
        const wanted = minutesOf(shape)
        const without = new ContainerDay(policy, START).live(wanted)
        const day = new ContainerDay(policy, START)
        expect(day.live(wanted, { minute, figures })).toEqual(without)
        expect(day.refused).toBe(1)
      }),
      { numRuns: 8 },
    )
  }, 120_000)
})

/** What is possible of one sample. */
interface One {
  readonly cpuCoresUsed?: number
  readonly memoryUsedMb?: number
}

interface Case {
  readonly wanted: readonly Wanted[]
  /** The figures of the one sample; undefined: there is none in that minute. */
  readonly one: One | undefined
  readonly minute: number
}

/** What a policy wishes for in each minute, whatever the container has: it stands far below, so every wish is one to grow. */
function wishes(policy: PolicyName, { wanted, one, minute }: Case) {
  const state = POLICIES[policy].create(settings({ cpu_unit: 'cpulimit', min_cpu_cores: 0.1 }).sizing)
  return wanted.map(({ cores, memoryMb }, at) => {
    const timeMs = MONDAY_MS + at * 60_000
    const figures = { timeMs, allocation: { cores: 8, memoryMb: 4_096 }, cpuCoresUsed: cores, memoryUsedMb: memoryMb }
    if (at !== minute) state.observe(localSample(figures))
    else if (one !== undefined) state.observe(localSample({ ...figures, ...one }))
    const allocation = { cores: 0.1, memoryMb: 16 }
    const target = state.decide({ timeMs, localTimeMs: timeMs, allocation })
    return { cores: target.cores ?? 0, memoryMb: target.memoryMb ?? 0 }
  })
}

const ROUNDING = 1e-6

/** Minutes after the sample in which less is wished for than without it. A sample moves windows on, whatever is in it: without it that happens a minute later. */
function minutesWithLess(before: readonly number[], after: readonly number[]): number[] {
  return after.flatMap((wish, at) => {
    const without = Math.min(before[at] ?? 0, before[at + 1] ?? Number.POSITIVE_INFINITY)
    return wish < without * (1 - ROUNDING) ? at : []
  })
}

/** The same days each time: what holds for the choice among sizers holds nearly always, not by construction. */
const runs = { numRuns: 25, seed: 20_260_105 }
const uses = fc.double({ min: 0, max: 4_000, noNaN: true })
const loads = fc.double({ min: 0, max: 7.8, noNaN: true })

describe('one possible sample under the policy adaptive', () => {
  test('of memory never leads to less than without it, all day', () => {
    fc.assert(
      fc.property(days, uses, minutes, (shape, memoryUsedMb, minute) => {
        const wanted = minutesOf(shape)
        const before = wishes('adaptive', { wanted, one: undefined, minute }).map(({ memoryMb }) => memoryMb)
        const after = wishes('adaptive', { wanted, one: { memoryUsedMb }, minute }).map(({ memoryMb }) => memoryMb)
        expect(minutesWithLess(before, after)).toEqual([])
      }),
      runs,
    )
  }, 120_000)

  test('of memory never leads to more than a peak of that value does: half as much again, its own rise, or 96 MB', () => {
    fc.assert(
      fc.property(days, uses, minutes, (shape, memoryUsedMb, minute) => {
        const wanted = minutesOf(shape)
        const usedMb = wanted.map(({ memoryMb }) => memoryMb)
        const before = wishes('adaptive', { wanted, one: undefined, minute }).map(({ memoryMb }) => memoryMb)
        const after = wishes('adaptive', { wanted, one: { memoryUsedMb }, minute }).map(({ memoryMb }) => memoryMb)
        const rise = 2 * memoryUsedMb - (usedMb[minute - 1] ?? 0)
        const peaks = [1.5 * memoryUsedMb, memoryUsedMb + 96, rise, 1.5 * Math.max(...usedMb)]
        expect(Math.max(...after)).toBeLessThanOrEqual(Math.max(...before, ...peaks) * (1 + ROUNDING))
      }),
      runs,
    )
  }, 120_000)

  test('of the CPU never leads to less than without it in the hour after it', () => {
    // Later it can: a peak of three days makes the sizers that are lifted towards it dearer than those that are not.
    fc.assert(
      fc.property(days, loads, minutes, (shape, cpuCoresUsed, minute) => {
        const wanted = minutesOf(shape)
        const before = wishes('adaptive', { wanted, one: undefined, minute }).map(({ cores }) => cores)
        const after = wishes('adaptive', { wanted, one: { cpuCoresUsed }, minute }).map(({ cores }) => cores)
        expect(minutesWithLess(before, after.slice(0, minute + 60))).toEqual([])
      }),
      runs,
    )
  }, 120_000)

  test('of the CPU never leads to more than half as much again as the highest load, a tenth of a core rounded up', () => {
    fc.assert(
      fc.property(days, loads, minutes, (shape, cpuCoresUsed, minute) => {
        const wanted = minutesOf(shape)
        const after = wishes('adaptive', { wanted, one: { cpuCoresUsed }, minute }).map(({ cores }) => cores)
        const most = 1.5 * Math.max(cpuCoresUsed, ...wanted.map(({ cores }) => cores)) + 0.1
        expect(Math.max(...after)).toBeLessThanOrEqual(most + ROUNDING)
      }),
      runs,
    )
  }, 120_000)
})

test('one possible sample under the policy threshold, which goes by the newest alone, matters until the next one', () => {
  const one = fc.record({ cpuCoresUsed: loads, memoryUsedMb: uses })
  fc.assert(
    fc.property(days, one, minutes, (shape, figures, minute) => {
      const wanted = minutesOf(shape)
      const before = wishes('threshold', { wanted, one: undefined, minute })
      const after = wishes('threshold', { wanted, one: figures, minute })
      expect(after.slice(minute + 1)).toEqual(before.slice(minute + 1))
    }),
    runs,
  )
}, 120_000)
