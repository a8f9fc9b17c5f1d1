import { expect, test } from 'vitest'
import { coresText } from '../../../packages/dashboard/src/format.ts'
import { freedText } from '../../../packages/dashboard/src/preview/preview-text.ts'

test('what would have been freed has its sign, and nothing has none', () => {
  const text = (had: number, would: number) =>
    freedText({ had_mean: had, would_mean: would, is_sized: true } as Parameters<typeof freedText>[0], coresText)
  expect([text(2, 1), text(2, 3), text(2, 2), text(2, 1.999)]).toEqual([
    '1 core (−50 %)',
    '3 cores (+50 %)',
    '2 cores (0 %)',
    '2 cores (0 %)',
  ])
})
