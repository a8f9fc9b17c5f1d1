import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replayedShapes } from '@lxc-autoscale/cli'
import { type ReplayedTrace, SHAPE_NAMES } from '@lxc-autoscale/replay'
import { describe, expect, test } from 'vitest'

interface Table {
  readonly title: string
  readonly header: string[]
  readonly rows: string[][]
}

const root = join(import.meta.dirname, '../../..')
const {
  pictureOf,
  shapesTable,
}: {
  pictureOf(replayed: ReplayedTrace): string
  shapesTable(title: string, replayed: readonly ReplayedTrace[]): Table
} = await import(`${root}/scripts/policy/shapes.mjs`)
const { withBlock }: { withBlock(page: string, name: string, content: string): string } = await import(
  `${root}/scripts/policy/generated-blocks.mjs`
)
const { tableText }: { tableText(table: Table, isMarkdown: boolean): string } = await import(
  `${root}/scripts/policy/tables.mjs`
)

const page = readFileSync(join(root, 'docs/sizing.md'), 'utf8')

describe('docs/sizing.md', () => {
  test('shows the figures and the picture that the code gives of the cheapest shape', async () => {
    const replayed = await replayedShapes('int', ['steady'])
    const lines = tableText(shapesTable('Whole cores', replayed), true).split('\n')
    const own = lines.filter(line => line.startsWith('| steady |'))
    expect(own).toHaveLength(2)
    for (const line of own) expect(page).toContain(`${line}\n`)
    const picture = readFileSync(join(root, 'docs/sizing/steady.svg'), 'utf8')
    expect(replayed.map(shape => pictureOf(shape) === picture)).toEqual([true])
  })

  test.each(SHAPE_NAMES)('shows the picture of %s, and has its figures in both tables', name => {
    expect(page).toContain(`](sizing/${name}.svg)`)
    expect(existsSync(join(root, 'docs/sizing', `${name}.svg`))).toBe(true)
    expect(page.match(new RegExp(`^\\| ${name} \\| adaptive \\|`, 'gm'))).toHaveLength(2)
  })

  test.each(['cost', 'shapes', 'evaluation', 'anomaly'])('has a place for what is generated of %s', name => {
    expect(withBlock(page, name, 'new')).toMatch(new RegExp(`<!-- generated: ${name}, by .*\n\nnew\n<!-- end`))
  })
})

test('only what stands between the comments of a block is replaced', () => {
  const text = 'a\n<!-- generated: x, by me -->\nold\n<!-- end of x -->\nb\n'
  expect(withBlock(text, 'x', '$& new')).toBe('a\n<!-- generated: x, by me -->\n\n$& new\n<!-- end of x -->\nb\n')
  expect(() => withBlock(text, 'y', 'new')).toThrow('no block <!-- generated: y')
})
