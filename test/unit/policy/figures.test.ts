import { join } from 'node:path'
import { Random } from '@lxc-autoscale/model'
import { describe, expect, test } from 'vitest'

interface Row {
  readonly days: number
  readonly unusedPercent: number
  readonly shortPercent: number
  readonly changesPerDay: number
  readonly entries: number
  readonly beyondSwap: number
}
type Costs = Readonly<Record<string, Readonly<Record<string, number>>>>
interface Statistics extends Row {
  readonly series: number
  readonly entriesPer100Days: number
}
interface Drawing {
  readonly random: Random
  readonly draws: number
}

const path = join(import.meta.dirname, '../../../scripts/policy/figures.mjs')
const {
  bootstrap,
  COSTS,
  leaveOneOut,
  ofSource,
  ofSources,
}: {
  bootstrap<Series>(
    sources: Series[][],
    statistic: (sources: Series[][]) => Record<string, number>,
    drawing: Drawing,
  ): Record<string, [number, number]>
  COSTS: Readonly<Record<'cpu' | 'memory', (figures: Partial<Row>) => number>>
  leaveOneOut(costs: Costs): { leftOut: string; chosen: string; cost: number; best: number }[]
  ofSource(rows: Row[]): Statistics
  ofSources(sources: Row[][]): Statistics
} = await import(path)

const row = (values: Partial<Row>): Row => ({
  days: 10,
  unusedPercent: 0,
  shortPercent: 0,
  changesPerDay: 0,
  entries: 0,
  beyondSwap: 0,
  ...values,
})

test('a source is the mean of its series; all is the mean of the sources, with events pooled over days', () => {
  const small = [row({ unusedPercent: 10, entries: 1 })]
  const large = [row({ unusedPercent: 20, days: 100 }), row({ unusedPercent: 40, days: 90 })]
  expect(ofSource(large)).toMatchObject({ series: 2, unusedPercent: 30, entriesPer100Days: 0 })
  expect(ofSources([small, large])).toMatchObject({ series: 3, days: 200, unusedPercent: 20, entriesPer100Days: 0.5 })
})

test.each([
  ['memory', { unusedPercent: 20, entries: 2, beyondSwap: 1, days: 100 }, 34],
  ['memory', { unusedPercent: 20, entries: 1, beyondSwap: 0, days: 3 }, 30],
  ['cpu', { unusedPercent: 50, shortPercent: 0.1, changesPerDay: 5 }, 55],
] as const)('%s of %o costs %d', (resource, figures, cost) => {
  expect(COSTS[resource](figures)).toBeCloseTo(cost, 9)
})

describe('bootstrap', () => {
  const mean = (sources: number[][]) => {
    const values = sources.flat()
    return { mean: values.reduce((sum, value) => sum + value, 0) / values.length }
  }

  test('is as wide as theory says, and the same from the same seed', () => {
    // of 100 values 0 and 1 the mean has the standard error 0.05
    const values = Array.from({ length: 100 }, (_, index) => index % 2)
    const [one, same] = [1, 1].map(seed => bootstrap([values], mean, { random: new Random(seed), draws: 2_000 }))
    const [low = 0, high = 0] = one?.['mean'] ?? []
    expect(Math.abs(low - (0.5 - 1.645 * 0.05))).toBeLessThan(0.015)
    expect(Math.abs(high - (0.5 + 1.645 * 0.05))).toBeLessThan(0.015)
    expect(same).toEqual(one)
  })

  test('draws within each source', () => {
    const { mean: interval } = bootstrap([[1, 1], [3]], mean, { random: new Random(1), draws: 50 })
    expect(interval).toEqual([5 / 3, 5 / 3])
  })
})

describe('leaveOneOut', () => {
  test('does not look at the source that it is judged on', () => {
    const costs = { fits: { a: 0, b: 5, c: 5 }, plain: { a: 9, b: 3, c: 3 } }
    expect(leaveOneOut(costs)).toEqual([
      { leftOut: 'a', chosen: 'plain', cost: 9, best: 0 },
      { leftOut: 'b', chosen: 'fits', cost: 5, best: 3 },
      { leftOut: 'c', chosen: 'fits', cost: 5, best: 3 },
    ])
  })

  test('goes by the worst source, and by all of them where less than a point there is chance', () => {
    const costs = { uneven: { a: 0, b: 8, c: 0 }, even: { a: 5, b: 4.2, c: 4 }, better: { a: 3, b: 5, c: 4 } }
    const choices = leaveOneOut({ ...costs, none: { a: 9, b: 0, c: 9 } })
    expect(choices.find(({ leftOut }) => leftOut === 'c')?.chosen).toBe('better')
  })
})
