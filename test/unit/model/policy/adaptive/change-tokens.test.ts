import { describe, expect, test } from 'vitest'
import {
  ChangeTokens,
  ChangeTokensState,
} from '../../../../../packages/model/src/policy/policies/adaptive/change-tokens.ts'

const DAY_MS = 86_400_000

describe('ChangeTokens', () => {
  test('lacks nothing at first and is exhausted when it is overdrawn by all it can hold', () => {
    const tokens = new ChangeTokens(4, 4)
    for (let change = 0; change <= 8; change++) tokens.look(0, change)
    expect([tokens.lack, tokens.isExhausted]).toEqual([2, true])
  })

  test('counts only what really changed', () => {
    const tokens = new ChangeTokens(4, 4)
    for (let i = 0; i < 10; i++) tokens.look(i, 2)
    expect(tokens.lack).toBe(0)
  })

  test('gets its tokens back with time, and no more than it can hold', () => {
    const tokens = new ChangeTokens(4, 4)
    for (const cores of [1, 2, 3]) tokens.look(0, cores)
    tokens.look(DAY_MS / 4, 3)
    expect(tokens.lack).toBeCloseTo(0.25)
    tokens.look(9 * DAY_MS, 3)
    expect(tokens.lack).toBe(0)
  })

  test('goes on where it was after being saved', () => {
    const tokens = new ChangeTokens(4, 4)
    for (const cores of [1, 2, 3]) tokens.look(0, cores)
    const restored = new ChangeTokens(4, 4)
    restored.restore(ChangeTokensState.parse(JSON.parse(JSON.stringify(tokens.serialise()))))
    expect(restored.serialise()).toEqual(tokens.serialise())
  })
})
