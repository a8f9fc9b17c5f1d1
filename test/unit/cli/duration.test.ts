import { expect, test } from 'vitest'
import { parseDurationMs } from '../../../packages/cli/src/duration.ts'

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['1.5d', 129_600_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
})

test.each(['', '2', 'h', '-1h', '2 hours', '2w', '99999999999d'])('"%s" is no duration', text => {
  expect(parseDurationMs(text)).toBeUndefined()
})
