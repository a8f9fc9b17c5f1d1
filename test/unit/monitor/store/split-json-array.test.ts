import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArraySplitter } from '../../../../packages/monitor/src/store/split-json-array.ts'

function split(text: string, chunkBytes = text.length, mostBytes = 1_000_000) {
  const splitter = new ArraySplitter(mostBytes)
  const bytes = Buffer.from(text)
  const elements: unknown[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const element of splitter.add(bytes.subarray(at, at + chunkBytes))) {
      elements.push(JSON.parse(Buffer.from(element).toString()))
    }
  }
  return { elements, isComplete: splitter.isComplete }
}

describe('ArraySplitter', () => {
  test('gives back the objects of any array, in any layout, in chunks of any size', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(fc.array(object), fc.nat({ max: 4 }), fc.integer({ min: 1, max: 50 }), (objects, indent, size) => {
        expect(split(JSON.stringify(objects, null, indent), size)).toEqual({
          elements: JSON.parse(JSON.stringify(objects)),
          isComplete: true,
        })
      }),
    )
  })

  test('gives the elements before a cut, and says that it is not complete', () => {
    expect(split('[{"a":1},{"b":"]}')).toEqual({ elements: [{ a: 1 }], isComplete: false })
  })

  test.each([['{"a":1}'], ['text'], ['']])('finds nothing in %j', text => {
    expect(split(text)).toEqual({ elements: [], isComplete: false })
  })

  test('gives the elements before one that is longer than any can be, and nothing behind it', () => {
    const text = `[{"a":1},{"b":"${'x'.repeat(100)}"},{"c":2}]`
    expect(split(text, 10, 50)).toEqual({ elements: [{ a: 1 }], isComplete: false })
  })

  test('does not take a second array for a part of the first', () => {
    expect(split('[{"a":1}][{"b":2}]')).toEqual({ elements: [{ a: 1 }], isComplete: false })
  })
})
