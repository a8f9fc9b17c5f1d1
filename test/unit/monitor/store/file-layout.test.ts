import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FileScan, LineScanner } from '../../../../packages/monitor/src/store/file-layout.ts'

function scan(text: string, chunkBytes = text.length): FileScan {
  const scanner = new LineScanner()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += chunkBytes) scanner.add(bytes.subarray(at, at + chunkBytes))
  return scanner.finish()
}

const cyclesIn = (text: string, { cycles }: FileScan) => cycles.map(({ start, end }) => text.slice(start, end))

describe('LineScanner', () => {
  test('finds the cycles of a whole file', () => {
    const text = '[\n{"a":1},\n{"b":2}\n]\n'
    const found = scan(text)
    expect(found).toMatchObject({ kind: 'ours', damagedLines: 0, isClosed: true })
    expect(cyclesIn(text, found)).toEqual(['{"a":1}', '{"b":2}'])
  })

  test('takes a file without a cycle as whole', () => {
    expect(scan('[\n]\n')).toEqual({ kind: 'ours', cycles: [], damagedLines: 0, isClosed: true })
  })

  test.each([
    ['the bracket is missing', '[\n{"a":1},\n{"b":2}\n', 2],
    ['the last line is cut off', '[\n{"a":1},\n{"b":', 1],
    ['the last line is whole but without its line feed', '[\n{"a":1},\n{"b":2}', 1],
    ['a comma is left over', '[\n{"a":1},\n]\n', 1],
    ['zeros follow, as after a power loss', '[\n{"a":1}\n\0\0\0\0', 1],
    ['something stands behind the bracket', '[\n{"a":1}\n]\n]\n', 1],
    ['nothing but the opening is there', '[\n', 0],
  ])('sees a torn end when %s', (_, text, entries) => {
    const found = scan(text)
    expect(found).toMatchObject({ kind: 'ours', damagedLines: 0, isClosed: false })
    expect(found.cycles).toHaveLength(entries)
  })

  test.each([
    ['a line that is no entry', '[\n{"a":1},\nrubbish\n{"b":2}\n]\n', 1],
    ['a missing comma', '[\n{"a":1}\n{"b":2}\n]\n', 1],
    ['a bracket before the last entry', '[\n{"a":1},\n]\n{"b":2}\n]\n', 1],
  ])('counts %s as damage', (_, text, damagedLines) => {
    expect(scan(text)).toMatchObject({ kind: 'ours', damagedLines })
  })

  test.each([
    ['a compact array', '[{"a":1},{"b":2}]'],
    ['an indented array', '[\n    {\n        "a": 1\n    }\n]\n'],
    ['an object', '{"a":1}\n'],
    ['text', 'hello\nworld\n'],
  ])('takes %s for foreign', (_, text) => {
    expect(scan(text).kind).toBe('foreign')
  })

  test.each(['', '\n', ' \t\r\n\n'])('takes %j as blank', text => {
    expect(scan(text).kind).toBe('blank')
  })

  test('finds the same whatever the size of the chunks', () => {
    const line = fc.constantFrom('{"a":1},', '{"b":"]"}', ']', '[', 'x', '', '{', '},')
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 9 }), fc.boolean(), (lines, size, isCut) => {
        const text = ['[', ...lines, isCut ? 'cut' : ''].join('\n')
        expect(scan(text, size)).toEqual(scan(text))
      }),
    )
  })
})
