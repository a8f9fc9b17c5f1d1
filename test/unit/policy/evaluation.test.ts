import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

type Sources = Readonly<Record<string, readonly object[]>>
interface Table {
  readonly title: string
  readonly header: string[]
  readonly rows: string[][]
}

const folder = join(import.meta.dirname, '../../../scripts/policy')
const {
  changed,
  costLines,
  IN_FORCE,
  tablesOf,
}: {
  changed(parameters: object, changes: object): object
  costLines(results: Readonly<Record<string, Readonly<Record<string, Sources>>>>): string
  IN_FORCE: string
  tablesOf(evaluation: {
    results: Readonly<Record<string, Readonly<Record<string, Sources>>>>
    groups: Readonly<Record<string, string>>
    alternatives: readonly { name: string; tries: string }[]
    seed: number
  }): Table[]
} = await import(`${folder}/evaluation.mjs`)
const { tableText }: { tableText(table: Table, isMarkdown: boolean): string } = await import(`${folder}/tables.mjs`)

describe('changed', () => {
  const parameters = { cpu: { margin: 0.1, windows: [1, 4], young: { hours: 3, margin: 0.15 } }, memory: { step: 16 } }

  test('puts changes over parameters, deep, and replaces lists', () => {
    expect(changed(parameters, { cpu: { windows: [2], young: { hours: 1 } } })).toEqual({
      cpu: { margin: 0.1, windows: [2], young: { hours: 1, margin: 0.15 } },
      memory: { step: 16 },
    })
  })

  test('refuses a parameter that nobody reads', () => {
    expect(() => changed(parameters, { cpu: { young: { days: 1 } } })).toThrow('no parameter cpu.young.days')
  })
})

describe('an evaluation', () => {
  const of = (unusedPercent: number, { shortPercent = 0, entries = 0 } = {}) => [
    { days: 50, unusedPercent, shortPercent, changesPerDay: 1, entries, beyondSwap: 0 },
  ]
  const cores = { [IN_FORCE]: { a: of(50, { shortPercent: 0.1 }), b: of(60) } }
  const results = {
    'whole cores': cores,
    'tenths of a core': cores,
    memory: { [IN_FORCE]: { a: of(30, { entries: 2 }), b: of(20) }, thrifty: { a: of(10, { entries: 2 }), b: of(19) } },
  }
  const tables = tablesOf({
    results,
    groups: { a: 'archives', b: 'generated' },
    alternatives: [{ name: 'thrifty', tries: 'less' }],
    seed: 1,
  })
  const rowsOf = (title: string) =>
    tables.find(table => table.title.startsWith(title))?.rows.map(row => row.join(' | '))

  test('shows each source, each alternative against what is in force, and the choice without a source', () => {
    expect(rowsOf('whole cores: the constants in force')?.[1]).toBe(
      'b | 1 | 50 | 60.0 (60.0 to 60.0) | 0.000 (0.000 to 0.000) | 1.0 (1.0 to 1.0)',
    )
    expect(rowsOf('memory: the alternatives')?.[1]).toBe(
      'archives | thrifty | 10.0 | 4.00 | 0.00 | 1.0 | -20.00 (-20.00 to -20.00)',
    )
    expect(rowsOf('memory: chosen')?.[0]).toBe('a | thrifty | 22.0 | 42.0 | 22.0 | 10.0 | 4.00 | 0.00 | 1.0')
    expect(rowsOf('cores: chosen')?.[1]).toContain(`b | ${IN_FORCE} | 60.2 | 60.2 | 60.2`)
  })

  test('tells in one line what an alternative costs', () => {
    expect(rowsOf('what was tried')).toEqual(['memory | thrifty | less | -20.00 | -1.00'])
  })

  test('is said aloud in three lines, by what was chosen without the source', () => {
    expect(costLines(results).split('\n')).toEqual([
      '- **Whole cores**: 55 % of what is given lies unused; too few for 5 minutes a week; changes a day: 1.',
      '- **Tenths of a core**: 55 % of what is given lies unused; too few for 5 minutes a week; changes a day: 1.',
      '- **Memory**: 15 % of what is given lies unused; a container comes to its limit once in 50 days, beyond its swap as well never; changes a day: 1.',
      '',
    ])
  })
})

test('a table can be folded away', () => {
  const table = { title: 'figures', header: ['source', 'x'], rows: [['a', '1.0']] }
  expect(tableText(table, true)).toContain('<summary>figures</summary>\n\n| source | x |\n| --- | --- |\n| a | 1.0 |\n')
  expect(tableText(table, false)).toBe('figures\n\nsource  x\na       1.0\n')
})
