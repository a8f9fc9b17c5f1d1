import { describe, expect, test } from 'vitest'
import { staleness } from '../../../../packages/model/src/history/staleness.ts'

const START_MS = Date.UTC(2026, 0, 5)

describe('staleness', () => {
  const nowMs = START_MS
  test.each([
    { newestMs: undefined, maxAgeMs: undefined, isStale: true, text: 'no metrics yet' },
    { newestMs: nowMs - 30_000, maxAgeMs: undefined, isStale: false, text: '' },
    { newestMs: nowMs - 31_000, maxAgeMs: undefined, isStale: true, text: '31 s old, more than 30 s' },
    { newestMs: nowMs - 31_000, maxAgeMs: 60_000, isStale: false, text: '' },
    { newestMs: nowMs + 3_600_000, maxAgeMs: 60_000, isStale: true, text: '3600 s in the future' },
  ])('of data at $newestMs with a limit of $maxAgeMs ms: $isStale', ({ newestMs, maxAgeMs, isStale, text }) => {
    const freshness = staleness({ newestMs, nowMs, maxAgeMs, intervalMs: 10_000 })
    expect(freshness.isStale).toBe(isStale)
    expect(freshness.text).toContain(text)
  })
})
