import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../../packages/api/src/audit/audit-entry.ts'
import { KeyedChanges, MAX_KEYED_CHANGES } from '../../../../packages/api/src/audit/keyed-changes.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const clock = new FakeClock()
const grown = (overrides: Partial<AuditEntry> = {}): AuditEntry => ({
  ...historyEntry({ action: 'storage-increase', idempotency_key: 'k' }),
  time: new Date(clock.nowMs()).toISOString(),
  boot: clock.sinceBoot(),
  ...overrides,
})

function remembering(...changes: AuditEntry[]): KeyedChanges {
  const keyed = new KeyedChanges(clock, 24 * MS_PER_HOUR)
  for (const change of changes) keyed.remember(change)
  return keyed
}

describe('a change that was begun for a key', () => {
  test.each(['applied', 'failed', 'unknown'] as const)('is known when it was %s', outcome => {
    expect(remembering(grown({ outcome })).find('model', 'k')).toMatchObject({ outcome })
  })

  test('is not known for the same key of another caller', () => {
    expect(remembering(grown()).find('other', 'k')).toBeUndefined()
  })

  test('may be made again when nothing was changed, or when setting it again comes to the same', () => {
    expect(remembering(grown({ outcome: 'refused' })).find('model', 'k')).toBeUndefined()
    expect(remembering(grown({ action: 'scale', outcome: 'failed' })).find('model', 'k')).toBeUndefined()
    expect(remembering(grown({ action: 'scale', outcome: 'applied' })).find('model', 'k')).toBeDefined()
  })

  test('is known as long as it is kept, wherever the clock of the host is set', () => {
    const keyed = remembering(grown())
    clock.stepWallMs(30 * MS_PER_DAY)
    expect(keyed.find('model', 'k')).toBeDefined()
    clock.passMs(25 * MS_PER_HOUR)
    expect(keyed.find('model', 'k')).toBeUndefined()
  })
})

test('no more are remembered than a host makes, the newest', () => {
  const keyed = remembering()
  for (let number = 0; number <= MAX_KEYED_CHANGES; number++) keyed.remember(grown({ idempotency_key: `k${number}` }))
  expect(keyed.find('model', 'k0')).toBeUndefined()
  expect(keyed.find('model', `k${MAX_KEYED_CHANGES}`)).toBeDefined()
})
