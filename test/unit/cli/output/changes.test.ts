import { API_ITSELF, changeKey, whoText } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { allocationText, shortWhy } from '../../../../packages/cli/src/output/changes.ts'
import { historyEntry } from '../../../builders/history-entry.ts'

const key = (name: string) => ({ key: name, role: 'scale', address: '127.0.0.1' })
const byModel = { idempotency_key: changeKey('0123456789abcdef', 101, 1) }

test.each([
  ['a change that the model decided', { who: key('model'), ...byModel }, 'model'],
  ['one of an earlier version', { who: key('key-file'), ...byModel }, 'model'],
  ['an undo with the key of the model', { who: key('model'), undo_of: 'x' }, 'a person'],
  ['a change with a key of its own', { who: key('anna') }, 'anna'],
  ['one of the service itself', { who: { ...API_ITSELF, address: '' }, undo_of: 'x' }, 'lxc-autoscale'],
])('%s is told to be by whom it was', (_, overrides, who) => {
  expect(whoText(historyEntry(overrides))).toBe(who)
})

test.each([
  [{ cores: 1, memory_mb: 1_024 }, undefined, '1 core, 1024 MB'],
  [{ cores: 2, memory_mb: 1_024 }, { cores: 1, memory_mb: 1_024 }, '2 cores'],
  [{ cores: null, cpulimit: 1.5, memory_mb: 512 }, undefined, 'limit 1.50, 512 MB'],
  [{ cores: null }, { cores: 2 }, 'all cores'],
  [null, undefined, '-'],
  [{ exists: true }, undefined, '-'],
])('of %j, seen beside %j, is shown %s', (allocation, other, text) => {
  expect(allocationText(allocation, other)).toBe(text)
})

test('the number of a change that was taken back is cut short', () => {
  const undoOf = '3f12ab90-0000-4000-8000-000000000000'
  expect(shortWhy(historyEntry({ why: `undo of ${undoOf}: too slow`, undo_of: undoOf }))).toBe(
    'undo of 3f12ab90: too slow',
  )
  expect(shortWhy(historyEntry({ why: null }))).toBeNull()
})
