import { expect, test } from 'vitest'
import { verdictLine } from '../../../../packages/cli/src/output/verdict-line.ts'

test('a model that decides takes one line', () => {
  const text = 'deciding: the last cycle ended 4 s ago, 2 containers'
  expect(verdictLine({ state: 'deciding', text, problems: [] })).toBe(text)
})

test('what keeps it from deciding is said once, each with its mend', () => {
  const lines = verdictLine({
    state: 'stuck',
    text: 'not deciding: the key is refused',
    problems: [
      { code: 'key_refused', text: 'the key is refused', mend: 'give it another' },
      { code: 'breaker_open', text: 'it asks now and then', mend: 'reload it' },
    ],
  })
  expect(lines).toContain('not deciding: the key is refused')
  expect(lines.split('\n').slice(1)).toEqual([
    '  mend: give it another',
    '  also: it asks now and then',
    '  mend: reload it',
  ])
})

test('there is no mend where only time helps', () => {
  const problems = [{ code: 'no_cycle_yet', text: 'just started', mend: '' }] as const
  expect(verdictLine({ state: 'idle', text: 'not deciding yet: just started', problems })).not.toContain('mend')
})
