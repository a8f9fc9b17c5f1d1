import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  packedNumbers,
  packedSizes,
  packNumbers,
  packSizes,
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

describe('packed sizes', () => {
  test('never come back smaller, nor more than 0.14 % larger', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-5, max: 1e9, noNaN: true }), size => {
        const back = packedSizes(1).parse(packSizes([size]))[0] ?? Number.NaN
        expect(back).toBeGreaterThanOrEqual(size * (1 - 1e-9))
        expect(back).toBeLessThanOrEqual(size * 1.00141)
      }),
    )
  })

  test('do not creep up when saved again and again', () => {
    let sizes: Float64Array = Float64Array.from([0, 0.37, 1_234.5])
    const once = packedSizes(3).parse(packSizes(sizes))
    for (let i = 0; i < 20; i++) sizes = packedSizes(3).parse(packSizes(sizes))
    expect(sizes).toEqual(once)
  })
})
