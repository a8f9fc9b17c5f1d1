import { describe, expect, test } from 'vitest'
import { parseTrace, TRACE_HEADER } from '../../../../packages/simulator/src/workload/trace.ts'

const trace = parseTrace(`${TRACE_HEADER}\n100,1,4,500,1024\n160,,,600,\n220,3,,,\n`, 'a.csv')

test.each([
  [0, 1, 500],
  [59, 1, 500],
  [60, 1, 600],
  [121, 3, 600],
])(
  'after %i seconds it wants %d cores and %i MB: a row holds, an unknown figure is the last one',
  (seconds, cpuCores, memoryMb) => {
    expect(trace.at(seconds)).toMatchObject({ cpuCores, memoryMb })
  },
)

test('begins again after its end', () => {
  expect(trace.at(181)).toMatchObject({ cpuCores: 1, memoryMb: 500 })
})

describe('a file that is no trace', () => {
  test.each([
    ['time,cpu\n1,2\n', "a.csv: line 1 is 'time,cpu'"],
    [`${TRACE_HEADER}\n1,x,,,\n`, "a.csv: line 2: 'x' is not a number"],
    [`${TRACE_HEADER}\n1,2\n`, 'a.csv: line 2 needs five fields'],
    [`${TRACE_HEADER}\n`, 'at least one row'],
  ])('%j is refused with its line', (text, message) => {
    expect(() => parseTrace(text, 'a.csv')).toThrow(message)
  })
})
