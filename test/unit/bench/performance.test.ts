import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

interface Row {
  readonly bench: string
  readonly case: string
  readonly metric: string
  readonly value: number
  readonly unit: string
}

const root = join(import.meta.dirname, '../../..')
const {
  SCALE_FIGURES,
  SIZES,
  scalePictures,
  scaleTable,
  slopeOf,
  verdictText,
}: {
  SCALE_FIGURES: readonly { metric: string; unit: string }[]
  SIZES: readonly number[]
  scalePictures(rows: readonly Row[]): Record<string, string>
  scaleTable(rows: readonly Row[]): { rows: string[][] }
  slopeOf(points: readonly (readonly [number, number])[]): number
  verdictText(rows: readonly Row[]): string
} = await import(`${root}/scripts/bench/scale-figures.mjs`)
const { withBlock }: { withBlock(page: string, name: string, content: string): string } = await import(
  `${root}/scripts/policy/generated-blocks.mjs`
)

/** A run in which each figure of so many containers is `figureOf` them. */
function runOf(figureOf: (containers: number, metric: string) => number): Row[] {
  return SCALE_FIGURES.flatMap(({ metric, unit }) => {
    const points = SIZES.map((containers): [number, number] => [containers, figureOf(containers, metric)])
    return [
      ...points.map(([containers, value]) => ({ bench: 'scale', case: String(containers), metric, value, unit })),
      { bench: 'scale', case: 'slope', metric, value: slopeOf(points), unit: '' },
    ]
  })
}

describe('the growth with the containers', () => {
  test('is linear above what one container costs', () => {
    expect(slopeOf(SIZES.map(containers => [containers, 5 + containers]))).toBeCloseTo(0.95, 1)
    expect(verdictText(runOf(containers => 5 + containers))).toMatch(/^No figure grows worse than linear/)
  })

  test('is named where it is worse', () => {
    const rows = runOf((containers, metric) => (metric === 'model_ms' ? containers ** 1.3 : containers))
    expect(verdictText(rows)).toBe('Worse than linear (slope above 1.1): model_ms 1.30.')
  })

  test('stands in the table and at each line of the pictures', () => {
    const rows = runOf(containers => 80 + containers / 10)
    expect(scaleTable(rows).rows).toHaveLength(SCALE_FIGURES.length)
    for (const svg of Object.values(scalePictures(rows))) {
      expect(svg).toMatch(/>(?:monitor|cycle in the file) \d\.\d\d<\/text>/)
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    }
  })
})

describe('docs/performance.md', () => {
  const page = readFileSync(join(root, 'docs/performance.md'), 'utf8')

  test.each(['scale', 'goals', 'predecessor'])('has a place for what is generated of %s', name => {
    expect(withBlock(page, name, 'new')).toMatch(new RegExp(`<!-- generated: ${name}, by .*\n\nnew\n<!-- end`))
  })
})
