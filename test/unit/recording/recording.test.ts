import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const e2e = join(import.meta.dirname, '../../e2e')
type Point = readonly [at: number, value: number]
interface Stage {
  readonly perSecond: number
  readonly p99Ms: number
  readonly worstP99Ms: number
}
interface Effect {
  readonly kind: string
  readonly count: number
  readonly failed: number
  readonly before?: Stage
  readonly during?: Stage
  readonly after?: Stage
}
interface Panel {
  readonly title: string
  readonly unit: string
  readonly curves: readonly { readonly name: string; readonly points: readonly Point[] }[]
}
const {
  secondHalf,
  quantile,
}: {
  secondHalf(points: readonly Point[]): { rise: number; level: number }
  quantile(numbers: readonly number[], share: number): number | undefined
} = await import(`${e2e}/recording/trend.mjs`)
const { curvesSvg }: { curvesSvg(picture: { title: string; panels: readonly Panel[]; atUnit: string }): string } =
  await import(`${e2e}/recording/curves-svg.mjs`)
const { effectsOf }: { effectsOf(slices: readonly unknown[], changes: readonly unknown[]): Effect[] } = await import(
  `${e2e}/real/change-effects.mjs`
)

describe('the trend of a curve', () => {
  const curve = (valueAt: (at: number) => number) => Array.from({ length: 101 }, (_, at): Point => [at, valueAt(at)])

  test('is that of its second half: what rose before does not count', () => {
    const { rise, level } = secondHalf(curve(at => Math.min(at, 40)))
    expect(rise).toBeCloseTo(0)
    expect(level).toBeCloseTo(40)
  })

  test('is what a leak adds in that half', () => {
    expect(secondHalf(curve(at => 100 + 0.5 * at)).rise).toBeCloseTo(25)
  })

  test('is nearly nothing for a saw', () => {
    expect(Math.abs(secondHalf(curve(at => at % 5)).rise)).toBeLessThan(0.5)
  })

  test('has quantiles', () => {
    const numbers = Array.from({ length: 100 }, (_, at) => at + 1)
    expect([quantile(numbers, 0.5), quantile(numbers, 0.99), quantile([], 0.5)]).toEqual([51, 100, undefined])
  })
})

describe('the effects of changes on a service', () => {
  const slices = Array.from({ length: 60 }, (_, at) => ({
    fromMs: at * 1_000,
    toMs: at * 1_000 + 500,
    requests: 100,
    failed: at === 31 ? 2 : 0,
    seconds: 0.5,
    p99Ms: at >= 30 && at < 33 ? 9 : 1,
  }))

  test('are told apart from what was before and after', () => {
    const [down] = effectsOf(slices, [{ atMs: 30_000, kind: 'memory down' }])
    expect(down).toEqual({
      kind: 'memory down',
      count: 1,
      failed: 2,
      before: { perSecond: 200, p99Ms: 1, worstP99Ms: 1 },
      during: { perSecond: 200, p99Ms: 9, worstP99Ms: 9 },
      after: { perSecond: 200, p99Ms: 1, worstP99Ms: 1 },
    })
  })

  test('stand beside moments at which nothing changed', () => {
    const rows = effectsOf(slices, [{ atMs: 30_000, kind: 'cores up' }])
    expect(rows.map(({ kind, failed }) => [kind, failed])).toEqual([
      ['cores up', 2],
      ['no change', 0],
    ])
    expect(rows[1]?.during?.worstP99Ms).toBe(1)
  })

  test('of a service that answered nothing are not known', () => {
    const silent = slices.map(({ fromMs, toMs }) => ({ fromMs, toMs, requests: 0, failed: 1 }))
    const [row] = effectsOf(silent, [{ atMs: 30_000, kind: 'cores up' }])
    expect(row).toEqual({ kind: 'cores up', count: 1, failed: 3 })
  })
})

test('a picture of curves keeps the highest point, and no text of it is markup', () => {
  const points = Array.from({ length: 2_000 }, (_, at): Point => [at, at === 777 ? 100 : 1])
  const svg = curvesSvg({
    title: 'a < b & c',
    panels: [{ title: 'one', unit: 'MB', curves: [{ name: 'used', points }] }],
    atUnit: 'min',
  })
  expect(svg).toContain('a &lt; b &amp; c')
  const [, top] = [...svg.matchAll(/class="grid" d="M\S+ (\S+)L\S+ \1"/g)].map(([, height]) => height)
  expect(svg).toMatch(new RegExp(`L\\S+ ${top}L`))
  expect(svg.length).toBeLessThan(20_000)
})
