import { expect, test } from 'vitest'
import { formatSize, parseSize } from '../../../../packages/simulator/src/schema/size.ts'

test.each([
  [2 ** 30 * 8, '8G'],
  [2 ** 20 * 1_536, '1536M'],
  [2 ** 40, '1T'],
  [1_023, '1023'],
  [8_589_934_593, '8589934593'],
])('%i bytes are written as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
  expect(parseSize(text)).toBe(bytes)
})

test.each(['1GiB', '', '-1', '1 G', '1g'])('%j is no size', text => {
  expect(parseSize(text)).toBeUndefined()
})
