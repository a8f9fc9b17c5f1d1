import { expect, test } from 'vitest'
import { cyclesToKeep } from '../../../../packages/monitor/src/store/metrics-file.ts'

test.each([
  [0, 1_000, 0],
  [999, 1_000, 999],
  [1_000, 1_000, 900],
  [5_000, 1_000, 900],
  [10, 10, 9],
  [2, 2, 1],
])('of %i entries and at most %i, %i stay', (entries, maxCycles, expected) => {
  expect(cyclesToKeep(entries, maxCycles)).toBe(expected)
})
