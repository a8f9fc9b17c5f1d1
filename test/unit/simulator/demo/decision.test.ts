import { changeKey, type HistoryEntryBody } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { decisionLine, toDecision } from '../../../../packages/simulator/src/demo/decision.ts'
import { historyEntry } from '../../../builders/history-entry.ts'

function entry(overrides: Partial<HistoryEntryBody>): HistoryEntryBody {
  const allocation = { cores: 2, cpulimit: null, memory_mb: 1_024, swap_mb: 0 }
  return historyEntry({
    asked: { cores: 4 },
    before: allocation,
    after: { ...allocation, cores: 4 },
    why: 'CPU at 98 %',
    idempotency_key: changeKey('0123456789abcdef', 101, 1),
    ...overrides,
  })
}

function line(parts: Partial<HistoryEntryBody>): string | undefined {
  const decision = toDecision(entry(parts))
  return decision === undefined ? undefined : decisionLine(decision, 12.34)
}

test('a decision is one line with the time, the container, what changed and why', () => {
  expect(line({})).toBe('  12.3 s  101 shop       ↑ cores 2 → 4                              CPU at 98 %')
})

test('both figures stand in it when both changed', () => {
  const after = { cores: 1, cpulimit: null, memory_mb: 512, swap_mb: 0 }
  expect(line({ after, asked: { cores: 1, memory: 512 } })).toContain('↓ cores 2 → 1, ↓ memory 1024 → 512 MB')
})

test('a quota counts as cores', () => {
  expect(
    line({ after: { cores: 2, cpulimit: 0.5, memory_mb: 1_024, swap_mb: 0 }, asked: { cpulimit: 0.5 } }),
  ).toContain('↓ cores 2 → 0.5')
})

test('what was refused says so, with what was asked for', () => {
  const text = line({ outcome: 'refused', after: null, error: 'CONFLICT', message: 'it has been changed meanwhile' })
  expect(text).toContain('↑ cores 2 → 4')
  expect(text).toContain('refused: it has been changed meanwhile')
})

test('a snapshot is no decision about size', () => {
  expect(line({ action: 'snapshot-create' })).toBeUndefined()
})

test('what the model did not decide is said to be of whoever did, with a reason or without', () => {
  const who = { key: 'anna', role: 'scale', address: '127.0.0.1' } as const
  expect(line({ who, idempotency_key: null })).toMatch(/ by anna: CPU at 98 %$/)
  expect(line({ who, idempotency_key: null, why: null })).toMatch(/ by anna$/)
  expect(line({ idempotency_key: null })).toMatch(/ by a person: CPU at 98 %$/)
})
