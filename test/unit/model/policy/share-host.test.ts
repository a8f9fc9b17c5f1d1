import type { Decision } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { directionOf } from '../../../../packages/model/src/policy/decision.ts'
import { type Sharer, shareHost } from '../../../../packages/model/src/policy/share-host.ts'
import { UNHELD } from '../../../builders/sizing.ts'

function decision(vmid: number, from: [number, number], to: [number, number], isInNeed = false): Decision {
  return {
    vmid,
    timeMs: 0,
    from: { cores: from[0], memoryMb: from[1] },
    to: { cores: to[0], memoryMb: to[1] },
    wanted: { cores: to[0], memoryMb: to[1] },
    cores: directionOf(from[0], to[0]),
    memory: directionOf(from[1], to[1]),
    isToBeApplied: true,
    isInNeed,
    reasons: [],
    policy: 'test',
    ...UNHELD,
  }
}

const host = { cores: 8, memoryMb: 16_384, memoryAvailableMb: 5_000, memoryReserveMb: 1_000, cpuReservePercent: 0 }

function sharers(entries: readonly (readonly [number, Partial<Sharer>])[]): Map<number, Sharer> {
  const plain = { weight: 1, coresStep: 1, memoryStepMb: 1, minChangePercent: 0, cpuCoresUsed: 0 }
  return new Map(entries.map(([vmid, sharer]) => [vmid, { ...plain, ...sharer }]))
}

const two = sharers([
  [101, {}],
  [102, {}],
])

describe('shareHost', () => {
  test('grants everything while the host has enough', () => {
    const decisions = [decision(101, [1, 1_000], [2, 2_000]), decision(102, [1, 1_000], [1, 3_000])]
    expect(shareHost({ decisions, host, sharers: two })).toEqual(decisions)
  })

  test('shares what is left evenly, and gives nobody more than it asked', () => {
    const decisions = [decision(101, [1, 1_000], [1, 2_000]), decision(102, [1, 1_000], [1, 9_000])]
    const granted = shareHost({ decisions, host, sharers: two })
    expect(granted.map(({ to }) => to.memoryMb)).toEqual([2_000, 4_000])
    expect(granted[1]?.reasons.at(-1)?.text).toContain('4000 MB instead of 9000 MB')
  })

  test('shares by weight', () => {
    const weighted = sharers([
      [101, { weight: 3 }],
      [102, {}],
    ])
    const decisions = [decision(101, [1, 0], [1, 9_000]), decision(102, [1, 0], [1, 9_000])]
    expect(shareHost({ decisions, host, sharers: weighted }).map(({ to }) => to.memoryMb)).toEqual([3_000, 1_000])
  })

  test('serves those in need first', () => {
    const decisions = [decision(101, [1, 0], [1, 3_000]), decision(102, [1, 0], [1, 3_500], true)]
    expect(shareHost({ decisions, host, sharers: two }).map(({ to }) => to.memoryMb)).toEqual([500, 3_500])
  })

  test('gives whole cores of what is idle', () => {
    const busy = sharers([
      [101, { cpuCoresUsed: 3 }],
      [102, { cpuCoresUsed: 2.2 }],
    ])
    const decisions = [decision(101, [3, 100], [6, 100], true), decision(102, [3, 100], [6, 100], true)]
    expect(shareHost({ decisions, host, sharers: busy }).map(({ to }) => to.cores)).toEqual([4, 4])
  })

  test('what it grants of a wish leads to sizes that people write, and to none that is hardly another', () => {
    const stepped = sharers([
      [101, { memoryStepMb: 16, minChangePercent: 5 }],
      [102, { memoryStepMb: 16, minChangePercent: 5 }],
    ])
    const shared = (isInNeed: boolean) => {
      const wishes = [
        decision(101, [1, 1_010], [1, 9_000], isInNeed),
        decision(102, [1, 40_000], [1, 60_000], isInNeed),
      ]
      const short = { ...host, memoryAvailableMb: 3_001 }
      return shareHost({ decisions: wishes, host: short, sharers: stepped }).map(({ to }) => to.memoryMb)
    }
    expect(shared(false)).toEqual([2_000, 40_000])
    expect(shared(true)).toEqual([2_000, 40_992])
  })

  test('keeps the reserve of cores from those who are not in need', () => {
    const busy = sharers([[101, { cpuCoresUsed: 7.8 }]])
    const reserve = { ...host, cpuReservePercent: 5 }
    const [granted] = shareHost({ decisions: [decision(101, [2, 100], [4, 100])], host: reserve, sharers: busy })
    expect(granted).toMatchObject({ to: { cores: 2 }, cores: 'keep' })
  })

  test('leaves decisions as they are where the host is not known', () => {
    const unknown = { ...host, cores: undefined, memoryAvailableMb: undefined }
    const decisions = [decision(101, [1, 1_000], [9, 90_000])]
    expect(shareHost({ decisions, host: unknown, sharers: two })).toEqual(decisions)
  })

  test('never grants more than is free, never more than was asked, and never takes anything', () => {
    const wish = fc.record({
      from: fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 64, max: 8_000 })),
      to: fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 64, max: 20_000 })),
      isInNeed: fc.boolean(),
      weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
      cpuCoresUsed: fc.double({ min: 0, max: 4, noNaN: true }),
    })
    fc.assert(
      fc.property(
        fc.array(wish, { maxLength: 12 }),
        fc.integer({ min: 0, max: 30_000 }),
        (wishes, memoryAvailableMb) => {
          const decisions = wishes.map(({ from, to, isInNeed }, index) => decision(100 + index, from, to, isInNeed))
          const all = sharers(wishes.map(({ weight, cpuCoresUsed }, index) => [100 + index, { weight, cpuCoresUsed }]))
          const granted = shareHost({ decisions, host: { ...host, memoryAvailableMb }, sharers: all })
          const grownMb = granted.reduce(
            (sum, { from, to }) => sum + Math.max(0, (to.memoryMb ?? 0) - (from.memoryMb ?? 0)),
            0,
          )
          expect(grownMb).toBeLessThanOrEqual(Math.max(0, memoryAvailableMb - 1_000) + 1e-6)
          granted.forEach(({ from, to }, index) => {
            const asked = decisions[index]?.to
            expect(to.memoryMb).toBeLessThanOrEqual(Math.max(asked?.memoryMb ?? 0, from.memoryMb ?? 0))
            expect(to.memoryMb).toBeGreaterThanOrEqual(Math.min(asked?.memoryMb ?? 0, from.memoryMb ?? 0))
            expect(to.cores).toBeGreaterThanOrEqual(Math.min(asked?.cores ?? 0, from.cores ?? 0))
          })
        },
      ),
    )
  })
})
