import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitLines, layOut, wrapLines } from '../../../../packages/cli/src/output/layout.ts'

/** The one that the command has: older ones, which other tools bring, have other widths for some characters. */
const { default: stringWidth }: { default: (text: string) => number } = await import(
  createRequire(new URL('../../../../packages/cli/package.json', import.meta.url)).resolve('string-width')
)

const COLUMNS = [
  { heading: 'ID' },
  { heading: 'NAME', least: 4 },
  { heading: 'MODE', dropAs: 1 },
  { heading: 'WHY', least: 10 },
]
const ROWS = [
  [101, 'a-long-name', 'grow_only', 'memory: the peak of the last 4 hours'],
  [102, 'wiki', 'auto', null],
]

describe('a table', () => {
  test('is as wide as it is where there is no screen', () => {
    expect(layOut(COLUMNS, ROWS, undefined).split('\n')).toEqual([
      'ID   NAME         MODE       WHY',
      '101  a-long-name  grow_only  memory: the peak of the last 4 hours',
      '102  wiki         auto       -',
    ])
  })

  test('cuts the widest first, and says by a mark that it did', () => {
    expect(layOut(COLUMNS, ROWS, 50).split('\n')[1]).toBe('101  a-long-name  grow_only  memory: the peak of…')
  })

  test('leaves columns out where cutting is not enough', () => {
    expect(layOut(COLUMNS, ROWS, 24).split('\n')).toEqual(
      ['ID   NAME     WHY', '101  a-long…  memory: th…', '102  wiki     -'].map((line, at) =>
        at === 1 ? expect.stringMatching(/^101 {2}a-\S*… +memory: \S*…$/) : line,
      ),
    )
  })

  test('keeps columns in line behind names of wide characters', () => {
    const [, first = '', second = ''] = layOut([{ heading: 'N' }, { heading: 'X' }], [['データ', 'x'], ['abc', 'x']], 80).split('\n') // biome-ignore format: a table
    expect(stringWidth(first)).toBe(stringWidth(second))
  })
})

/** As texts are when they are shown: what would steer the terminal stands there as text. */
const visible = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ')

const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }).map(visible),
  fc.integer(),
  fc.constant(null),
  fc.stringMatching(/^[a-z ]{0,40}$/).map(text => `\u001b[31m${text}\u001b[39m`),
  fc.constantFrom('データベース', '👩‍👩‍👧‍👦 family', 'e\u0301'.repeat(30)),
)
const column = fc.record(
  {
    heading: fc.string({ maxLength: 12 }).map(visible),
    least: fc.integer({ min: 1, max: 30 }),
    dropAs: fc.integer({ min: 1, max: 4 }),
  },
  { requiredKeys: ['heading'] },
)
test('no line of any table is wider than the screen, and each row is one line', () => {
  const anything = fc.record({
    columns: fc.array(column, { minLength: 1, maxLength: 10 }),
    rows: fc.array(fc.array(cell, { maxLength: 10 }), { maxLength: 8 }),
    width: fc.integer({ min: 1, max: 200 }),
  })
  fc.assert(
    fc.property(anything, ({ columns, rows, width }) => {
      const lines = layOut(columns, rows, width).split('\n')
      expect(lines).toHaveLength(rows.length + 1)
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
    }),
    { examples: [[{ columns: [{ heading: '' }, { heading: '' }], rows: [['🕴'], ['データベース']], width: 15 }]] },
  )
})

test('no line of any wrapped text is wider than the screen, and no word is lost', () => {
  const words = fc.array(fc.stringMatching(/^[a-z0-9:,.]{1,30}$/), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 120 }), (all, indent, width) => {
      const text = ' '.repeat(indent) + all.join(' ')
      const wrapped = wrapLines(text, width)
      for (const line of wrapped.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width)
      expect(wrapped.replaceAll(/\s/g, '')).toBe(all.join(''))
    }),
  )
})

test.each([
  [undefined, ['a', 'b', 'c', 'd']],
  [5, ['a', 'b', 'c', 'd']],
  [4, ['a', 'b', '2 more']],
  [2, ['4 more']],
  [1, ['4 more']],
])('on a screen of %s lines stand %j', (height, shown) => {
  expect(fitLines(['a', 'b', 'c', 'd'], height, left => `${left} more`).split('\n')).toEqual(shown)
})
