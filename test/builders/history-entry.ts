import type { HistoryEntryBody } from '@lxc-autoscale/core'

/** An entry of the history: the model gave container 101 one core more. A test names only what matters to it. */
export function historyEntry(overrides: Partial<HistoryEntryBody> = {}): HistoryEntryBody {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    time: '2026-01-05T00:00:00.000Z',
    duration_seconds: 0.7,
    action: 'scale',
    lxc_id: 101,
    name: 'shop',
    who: { key: 'model', role: 'scale', address: '127.0.0.1' },
    asked: { lxc_id: 101, cores: 2 },
    before: { cores: 1 },
    after: { cores: 2 },
    why: null,
    force: false,
    outcome: 'applied',
    error: null,
    message: '',
    undo_of: null,
    idempotency_key: null,
    ...overrides,
  }
}
