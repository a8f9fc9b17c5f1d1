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
  IN_FORCE,
  tablesOf,
}: {
  changed(parameters: object, changes: object): object
  IN_FORCE: string
  tablesOf(evaluation: {
    results: Readonly<Record<string, Readonly<Record<string, Sources>>>>
    groups: Readonly<Record<string, string>>
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

test('the tables show each source, each alternative against what is in force, and the choice without a source', () => {
  const of = (unusedPercent: number) => [
    { days: 50, unusedPercent, shortPercent: 0, changesPerDay: 1, entries: 0, beyondSwap: 0 },
  ]
  const cores = { [IN_FORCE]: { a: of(50), b: of(60) } }
  const tables = tablesOf({
    results: {
      'whole cores': cores,
      'tenths of a core': cores,
      memory: { [IN_FORCE]: { a: of(30), b: of(20) }, thrifty: { a: of(10), b: of(19) } },
    },
    groups: { a: 'archives', b: 'generated' },
    seed: 1,
  })
  const rowsOf = (title: string) =>
    tables.find(table => table.title.startsWith(title))?.rows.map(row => row.join(' | '))
  expect(rowsOf('whole cores: the constants in force')?.[0]).toBe(
    'a | 1 | 50 | 50.0 (50.0 to 50.0) | 0.000 (0.000 to 0.000) | 1.0 (1.0 to 1.0)',
  )
  expect(rowsOf('memory: the alternatives')?.[1]).toBe(
    'archives | thrifty | 10.0 | 0.00 | 0.00 | 1.0 | -20.00 (-20.00 to -20.00)',
  )
  expect(rowsOf('memory: chosen')?.[0]).toBe('a | thrifty | 10.0 | 30.0 | 10.0 | 10.0 | 0.00 | 0.00 | 1.0')
  expect(rowsOf('cores: chosen')?.[0]).toContain(`a | ${IN_FORCE} | 50.2 | 50.2 | 50.2`)
})

test('a table can be folded away', () => {
  const table = { title: 'figures', header: ['source', 'x'], rows: [['a', '1.0']] }
  expect(tableText(table, true)).toContain('<summary>figures</summary>\n\n| source | x |\n| --- | --- |\n| a | 1.0 |\n')
  expect(tableText(table, false)).toBe('figures\n\nsource  x\na       1.0\n')
})
