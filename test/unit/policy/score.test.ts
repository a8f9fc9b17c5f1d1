import { join } from 'node:path'
import type { ReplayRun, Trace } from '@lxc-autoscale/replay'
import { describe, expect, test } from 'vitest'

interface Figures {
  readonly days: number
  readonly unusedPercent: number
  readonly shortPercent: number
  readonly changesPerDay: number
}
interface Scored {
  readonly cpu?: Figures
  readonly memory?: Figures & { readonly entries: number; readonly beyondSwap: number }
}

const path = join(import.meta.dirname, '../../../scripts/policy/score.mjs')
const {
  score,
  withStart,
  withoutDoubled,
}: {
  score(trace: Trace, run: Pick<ReplayRun, 'cores' | 'memoryMb'>): Scored
  withStart(trace: Trace, coresStep: number): Trace
  withoutDoubled(trace: Trace): Trace
} = await import(path)

const HOUR_S = 3_600

/** A sample an hour; `undefined` for a resource that is not there. */
function trace({ cpuCores, memoryMb }: { readonly cpuCores?: number[]; readonly memoryMb?: number[] }): Trace {
  const samples = cpuCores ?? memoryMb ?? []
  return {
    name: 'made up',
    timesS: Float64Array.from(samples, (_, index) => index * HOUR_S),
    cpuCores: cpuCores && Float64Array.from(cpuCores),
    memoryMb: memoryMb && Float64Array.from(memoryMb),
    initialCores: undefined,
    initialMemoryMb: undefined,
    utcOffsetMs: 0,
  }
}

function memoryScore(memoryMb: number[], given: number[]) {
  return score(trace({ memoryMb }), { cores: undefined, memoryMb: Float64Array.from(given) }).memory
}

describe('score', () => {
  test('leaves out the first quarter of a short series, with all that happened in it', () => {
    const scored = memoryScore([500, 500, 100, 100, 100, 100, 100, 100], [200, 300, 200, 200, 200, 200, 400, 400])
    expect(scored).toMatchObject({ days: 6 / 24, entries: 0, unusedPercent: 62.5 })
    // from the last sample of the warm-up to the first that counts, and one later
    expect(scored?.changesPerDay).toBe(2 / (6 / 24))
  })

  test('leaves out one day of a long one', () => {
    const cpuCores = Array.from({ length: 72 }, (_, hour) => (hour < 24 ? 3 : 1))
    const scored = score(trace({ cpuCores }), { cores: Float64Array.from(cpuCores, () => 2), memoryMb: undefined })
    expect(scored).toEqual({
      cpu: { days: 2, unusedPercent: 50, shortPercent: 0, changesPerDay: 0 },
      memory: undefined,
    })
  })

  test('counts what goes above the limit once, and apart what goes further than swap', () => {
    const scored = memoryScore([100, 100, 100, 800, 700, 100, 300, 100], Array(8).fill(200))
    expect(scored).toMatchObject({ entries: 2, beyondSwap: 1, shortPercent: 50 })
  })

  test('what began in the warm-up is no entry', () => {
    expect(memoryScore([100, 900, 900, 900, 100, 100, 100, 100], Array(8).fill(200))).toMatchObject({
      entries: 0,
      beyondSwap: 0,
    })
  })

  test('decisions are limited to twice the peak; what was there at the start is not', () => {
    const demand = Array(8).fill(100)
    expect(memoryScore(demand, Array(8).fill(1_000))?.unusedPercent).toBe(90)
    expect(memoryScore(demand, [1_000, ...Array(7).fill(900)])?.unusedPercent).toBe(50)
  })
})

test.each([
  [1, 2, 150],
  [0.1, 1.3, 150],
])(
  'a container of steps of %d begins with what its trace says, or half as much again as its peak',
  (step, cores, mb) => {
    const start = withStart({ ...trace({ cpuCores: [1, 0.5], memoryMb: [100, 50] }), initialCores: 1.21 }, step)
    expect(start).toMatchObject({ initialCores: cores, initialMemoryMb: mb })
  },
)

test('a sample in which both resources leap for one sample only is counted twice and dropped', () => {
  const steady = [10, 10, 10, 10, 10, 10, 10, 10]
  const leap = steady.with(4, 20)
  expect(withoutDoubled(trace({ cpuCores: leap, memoryMb: leap })).memoryMb).toEqual(Float64Array.from(steady.slice(1)))
  const lasting = steady.with(4, 20).with(5, 20)
  for (const kept of [
    { cpuCores: steady, memoryMb: leap },
    { cpuCores: leap, memoryMb: steady },
    { cpuCores: lasting, memoryMb: lasting },
  ]) {
    expect(withoutDoubled(trace(kept)).timesS).toHaveLength(8)
  }
})
