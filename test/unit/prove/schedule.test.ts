import { describe, expect, test } from 'vitest'
import { FAULTS } from '../../prove/faults/index.ts'
import { planRound } from '../../prove/schedule.ts'
import { shrink } from '../../prove/shrink.ts'

const options = {
  seed: 7,
  round: 3,
  durationMs: 22_000,
  containerCount: undefined,
  faults: FAULTS.map(({ name }) => name),
}

describe('a plan', () => {
  test('is the same for the same seed and round, and survives a file', () => {
    expect(planRound(options)).toEqual(planRound(options))
    expect(JSON.parse(JSON.stringify(planRound(options)))).toEqual(planRound(options))
  })

  test('is another one for another seed or round', () => {
    const { faults } = planRound(options)
    expect(planRound({ ...options, seed: 8 }).faults).not.toEqual(faults)
    expect(planRound({ ...options, round: 4 }).faults).not.toEqual(faults)
  })

  test('has, over many rounds, each fault', () => {
    const rounds = Array.from({ length: 120 }, (_, round) => planRound({ ...options, round }))
    const planned = new Set(rounds.flatMap(({ faults }) => faults.map(({ fault }) => fault)))
    expect([...planned].sort()).toEqual(FAULTS.map(({ name }) => name).sort())
  })

  test('never has two faults of one thing at the same time', () => {
    for (let round = 0; round < 60; round++) {
      const { faults } = planRound({ ...options, round })
      const busy = faults.map(({ fault, atMs, forMs, on }) => ({
        resources: FAULTS.find(({ name }) => name === fault)?.resources(on) ?? [],
        atMs,
        endMs: atMs + forMs,
      }))
      const met = busy.flatMap((one, at) =>
        busy
          .slice(at + 1)
          .filter(other => other.atMs <= one.endMs && one.resources.some(each => other.resources.includes(each))),
      )
      expect(met).toEqual([])
    }
  })

  test('has as many containers as are asked for, and only the faults that are', () => {
    const { containers, faults } = planRound({ ...options, containerCount: 300, faults: ['kill'] })
    expect(containers).toHaveLength(300)
    expect(new Set(faults.map(({ fault }) => fault))).toEqual(new Set(['kill']))
  })
})

describe('a failing plan', () => {
  const plan = planRound({ ...options, durationMs: 60_000 })

  test('is made as short as the failure allows', async () => {
    const [first, , third] = plan.faults
    const needed = [first, third]
    const shortest = await shrink(plan, async ({ faults }) =>
      needed.every(each => each !== undefined && faults.includes(each)),
    )
    expect(shortest.faults).toEqual(needed)
    expect(shortest.requests).toEqual([])
  })

  test('stays whole when there is no time to look', async () => {
    expect(await shrink(plan, async () => undefined)).toEqual(plan)
  })
})
