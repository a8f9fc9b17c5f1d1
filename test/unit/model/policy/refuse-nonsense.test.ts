import { describe, expect, test } from 'vitest'
import { refuseNonsense } from '../../../../packages/model/src/policy/rules/refuse-nonsense.ts'
import { draft, facts } from '../../../builders/sizing.ts'

describe('refuseNonsense', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1])('takes %d for no wish', size => {
    const refused = refuseNonsense(draft({ cores: size, memoryMb: 512 }), facts())
    expect(refused.to).toEqual({ cores: undefined, memoryMb: 512 })
    expect(refused.reasons[0]?.rule).toBe('refuse-nonsense')
  })

  test('lets sizes pass without a word', () => {
    const wish = draft({ cores: 0.1, memoryMb: 64 })
    expect(refuseNonsense(wish, facts())).toBe(wish)
  })
})
