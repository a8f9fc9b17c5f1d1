import { expect, test } from 'vitest'
import { planSince } from '../../../../packages/api/src/changes/undo-plan.ts'
import { historyEntry } from '../../../builders/history-entry.ts'

test('all changes of a container are one step, back to before the oldest of them', () => {
  const { steps, others } = planSince([
    historyEntry({ id: 'e', lxc_id: 102, name: 'wiki' }),
    historyEntry({ id: 'd' }),
    historyEntry({ id: 'c', outcome: 'refused' }),
    historyEntry({ id: 'b', action: 'storage-increase' }),
    historyEntry({ id: 'a', outcome: 'unknown' }),
  ])
  expect(steps.map(({ vmid, name, changes, oldest }) => [vmid, name, changes.map(({ id }) => id), oldest.id])).toEqual([
    [101, 'shop', ['d', 'a'], 'a'],
    [102, 'wiki', ['e'], 'e'],
  ])
  expect(others.map(({ id }) => id)).toEqual(['b'])
})

test('what was changed while the number was that of another container is no part of it', () => {
  const clone = { lxc_id: 102, asked: { lxc_id: 102, new_lxc_id: 101 } }
  const { steps } = planSince([
    historyEntry({ id: 'd' }),
    historyEntry({ id: 'c', action: 'clone-create', ...clone }),
    historyEntry({ id: 'b', action: 'clone-delete', lxc_id: 101 }),
    historyEntry({ id: 'a' }),
  ])
  expect(steps.map(({ vmid, oldest }) => [vmid, oldest.id])).toEqual([[101, 'd']])
})

test('nothing is a plan without steps', () => {
  expect(planSince([])).toEqual({ steps: [], others: [] })
})
