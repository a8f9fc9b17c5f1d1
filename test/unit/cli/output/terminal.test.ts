import { lastingText } from '@lxc-autoscale/core'
import { describe, expect, test, vi } from 'vitest'
import {
  ago,
  bad,
  figure,
  hasColors,
  onlyOurCodes,
  standardTerminal,
  table,
} from '../../../../packages/cli/src/output/terminal.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

describe('a table', () => {
  test('puts rows under headings, each column as wide as its widest cell, and leaves no blanks at the ends', () => {
    const lines = table(
      ['ID', 'NAME', 'WHY'],
      [
        [101, 'a long name', 'x'],
        [102, 'b', 'y'],
      ],
    ).split('\n')
    expect(lines.map(plain)).toEqual(['ID   NAME         WHY', '101  a long name  x', '102  b            y'])
  })

  test('shows what is not known as a dash, and zero as zero', () => {
    expect(plain(table(['A', 'B', 'C', 'D'], [[null, undefined, 0, '']]))).toMatch(/^A {2}B {2}C {2}D\n- {2}- {2}0$/)
  })

  test('is its headings when there are no rows', () => {
    expect(plain(table(['A', 'B'], []))).toBe('A  B')
  })
})

/** The text without colours, which depend on where the test runs. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes begin with one
  return text.replaceAll(/\u001b\[\d+m/g, '')
}

test.each([
  [0, '0 s'],
  [119 * SECOND, '119 s'],
  [2 * MINUTE, '2 min'],
  [119 * MINUTE, '119 min'],
  [2 * HOUR - 1, '2 h'],
  [2 * HOUR, '2 h'],
  [47 * HOUR, '47 h'],
  [48 * HOUR, '2 d'],
  [-5 * SECOND, '0 s'],
])('%i ms last %s', (durationMs, text) => {
  expect(lastingText(durationMs)).toBe(text)
})

test('says how long ago something was, a dash when it is not known, and nothing negative of a clock that is behind', () => {
  expect(ago(10_000, 40_000)).toBe('30 s ago')
  expect(ago(undefined, 40_000)).toBe('-')
  expect(ago(50_000, 40_000)).toBe('0 s ago')
})

test.each([
  [undefined, '-'],
  [null, '-'],
  [0, '0 MB'],
  [2, '2 MB'],
  [0.126, '0.13 MB'],
  [438.57, '438.6 MB'],
])('the figure %s is shown as %s', (value, text) => {
  expect(figure(value, 'MB')).toBe(text)
})

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ CI: 'true' }, false, false],
  [{ TERM: 'dumb' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
] as const)('with %j, on a terminal: %s, there are colours: %s', (environment, isTerminal, expected) => {
  expect(hasColors(environment, isTerminal)).toBe(expected)
})

describe('an answer', () => {
  const hostile = { 'na\u009bme': ['x\u001b[2J\u001b]0;pwned\u0007', { why: 'a\nforged line\u202e' }] }
  const written = (isJson: boolean) => {
    const texts: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => texts.push(String(text)) > 0)
    try {
      standardTerminal(isJson).answer(hostile, shown => JSON.stringify(shown).replaceAll('\\\\', '\\'))
    } finally {
      write.mockRestore()
    }
    return texts.join('')
  }

  test('shows what would steer the terminal, or forge a line, as text', () => {
    expect(written(false)).toBe(
      '{"na\\u009bme":["x\\u001b[2J\\u001b]0;pwned\\u0007",{"why":"a\\nforged line\\u202e"}]}\n',
    )
  })

  test('as JSON has the same meaning, and nothing that steers the terminal either', () => {
    expect(JSON.parse(written(true))).toEqual(hostile)
    expect(written(true).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
  })

  test('keeps the colours of this command and no other code', () => {
    expect(onlyOurCodes('\u001b[31mx\u001b[39m \u001b[2J\u001b[8mhidden')).toBe(
      '\u001b[31mx\u001b[39m \\u001b[2J\\u001b[8mhidden',
    )
    expect(onlyOurCodes(`${bad('x')}\n${table(['A'], [['b']])}`)).toBe(`${bad('x')}\n${table(['A'], [['b']])}`)
  })
})
