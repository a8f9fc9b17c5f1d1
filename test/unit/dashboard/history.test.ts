import { expect, test } from 'vitest'
import { directionsOf, entryText, isUndoable } from '../../../packages/dashboard/src/history/change-steps.ts'
import { filtersOf, historyQuery, isShown, PAGE_ENTRIES } from '../../../packages/dashboard/src/history/filters.ts'
import { historyEntry } from '../../builders/history-entry.ts'

const had = { cores: 1, cpulimit: null, memory_mb: 1_024, swap_mb: 0 }
const grown = historyEntry({ lxc_id: 101, before: had, after: { ...had, cores: 2, memory_mb: 512 } })
const refused = historyEntry({ before: had, after: null, outcome: 'refused', asked: { cores: '9', memory: 1_024 } })
const unlimited = historyEntry({ before: had, after: { ...had, cores: null, cpulimit: 0.5 } })
const snapshot = historyEntry({
  action: 'snapshot-create',
  before: null,
  after: null,
  asked: { snapshot_name: '<b>x' },
})

test('a change is told as what it moved, or was to move', () => {
  expect(entryText(grown)).toBe('cores 1 → 2, memory 1 GiB → 512 MiB')
  expect(entryText(refused)).toBe('cores 1 → 9')
  expect(entryText(unlimited)).toBe('cores 1 → all, CPU limit none → 0.5')
  expect(entryText(snapshot)).toBe('snapshot: create <b>x')
  expect(entryText(historyEntry({ action: 'mode', before: null, after: null, asked: { mode: 'grow_only' } }))).toBe(
    'mode grow_only',
  )
  expect([...directionsOf(grown)]).toEqual(['up', 'down'])
})

test('what can be taken back is a size that was set', () => {
  expect([grown, refused, unlimited, snapshot].map(isUndoable)).toEqual([true, false, true, false])
})

test('filters come from the URL, and what they cannot mean is left out', () => {
  const filters = (query: string) => filtersOf(new URLSearchParams(query))
  expect(filters('container=101&who= fred &direction=up&outcome=refused&page=3')).toEqual({
    vmid: 101,
    who: 'fred',
    direction: 'up',
    outcome: 'refused',
    page: 2,
  })
  expect(filters('container=12&who=&direction=left&outcome=lost&page=-1')).toEqual(filters(''))
  const query = historyQuery(filters('container=101&page=3'))
  expect(query).toMatchObject({ lxc_id: 101, skip: 2 * PAGE_ENTRIES, limit: PAGE_ENTRIES + 1 })
})

test('what comes by the stream is held against the same filters', () => {
  const shown = (query: string, entry = grown) => isShown(entry, filtersOf(new URLSearchParams(query)))
  expect(shown('')).toBe(true)
  expect(shown(`container=101&who=${grown.who.key}&outcome=applied&direction=down`)).toBe(true)
  expect(['container=102', 'who=nobody', 'outcome=failed'].map(query => shown(query))).toEqual([false, false, false])
  expect(shown('direction=down', refused)).toBe(false)
})
