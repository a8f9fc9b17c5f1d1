import type { ContainerSample } from '@lxc-autoscale/core'
import { POLICY_NAMES } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ContainerDay, type Inserted, type Wanted } from '../../../builders/container-day.ts'

const START = { cores: 2, memoryMb: 1_024 }
const DAY = 1_440

/** A day of a container: a level, a swing over the day, noise, and bursts. */
const days: fc.Arbitrary<readonly Wanted[]> = fc
  .record({
    cores: fc.double({ min: 0.05, max: 1.5, noNaN: true }),
    memoryMb: fc.double({ min: 50, max: 700, noNaN: true }),
    swing: fc.double({ min: 0, max: 0.5, noNaN: true }),
    noise: fc.double({ min: 0, max: 0.1, noNaN: true }),
    burstEvery: fc.integer({ min: 30, max: 600 }),
  })
  .map(({ cores, memoryMb, swing, noise, burstEvery }) =>
    Array.from({ length: DAY }, (_, minute) => {
      const load = 1 + swing * Math.sin((2 * Math.PI * minute) / DAY) + noise * Math.sin(minute * 12.9898)
      return { cores: cores * load * (minute % burstEvery < 3 ? 2 : 1), memoryMb: memoryMb * load }
    }),
  )

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
      fc.property(days, impossible, minutes, (wanted, figures, minute) => {
        const without = new ContainerDay(policy, START).live(wanted)
        const day = new ContainerDay(policy, START)
        expect(day.live(wanted, { inserted: { minute, figures } })).toEqual(without)
        expect(day.refused).toBe(1)
      }),
      { numRuns: 25 },
    )
  })
})

void ({} as Inserted)
