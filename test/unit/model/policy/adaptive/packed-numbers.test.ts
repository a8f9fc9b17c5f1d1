import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  packedNumbers,
  packNumbers,
} from '../../../../../packages/model/src/policy/policies/adaptive/packed-numbers.ts'

describe('packed numbers', () => {
  test('come back exact to seven digits', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), values => {
        expect([...packedNumbers(values.length).parse(packNumbers(values))]).toEqual(values)
      }),
    )
  })

  test('are the same base64 that everybody else writes', () => {
    expect(packNumbers([1, -2.5])).toBe(Buffer.from(new Float32Array([1, -2.5]).buffer).toString('base64'))
  })

  test.each([
    ['', 1],
    ['AAAA', 1],
    ['AA!A', 0],
    [7, 1],
    ['AADAfw==', 1],
  ])('refuse %j for %i numbers', (text, count) => {
    expect(packedNumbers(count).safeParse(text).success).toBe(false)
  })
})
