import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planSteps } from '../../../../packages/api/src/series/plan-steps.ts'

const NOW_MS = Date.UTC(2026, 0, 5, 12, 0, 7)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const KEPT = { nowMs: NOW_MS, intervalMs: 10_020, samplesSinceMs: NOW_MS - 80 * MINUTE_MS }
const plan = (backMs: number, steps = 600, kept: Partial<typeof KEPT> = {}) =>
  planSteps({ sinceMs: NOW_MS - backMs, untilMs: NOW_MS, steps }, { ...KEPT, ...kept })

test.each([
  ['an hour', HOUR_MS, 'samples', 20_000],
  ['six hours', 6 * HOUR_MS, 'minutes', MINUTE_MS],
  ['a day', DAY_MS, 'minutes', 3 * MINUTE_MS],
  ['two days and a bit', 2 * DAY_MS + HOUR_MS, 'ten_minutes', 10 * MINUTE_MS],
  ['a week', 7 * DAY_MS, 'ten_minutes', 20 * MINUTE_MS],
  ['thirty days', 30 * DAY_MS, 'ten_minutes', 80 * MINUTE_MS],
] as const)('%s is told from the finest that reaches back', (_, backMs, source, stepMs) => {
  expect(plan(backMs)).toMatchObject({ source, stepMs })
})

test('nothing older than what is kept is told of', () => {
  const { startMs, stepMs } = plan(1_000 * DAY_MS)
  expect(startMs).toBeGreaterThan(NOW_MS - 60 * DAY_MS - 2 * stepMs)
})

test('what ended before all that is kept is told of as of its own time', () => {
  const untilMs = NOW_MS - 100 * DAY_MS
  const { startMs, stepMs, count } = planSteps({ sinceMs: untilMs - DAY_MS, untilMs, steps: 600 }, KEPT)
  expect(count).toBe(1)
  expect(Math.abs(startMs - untilMs)).toBeLessThan(stepMs)
})

test('samples that come every minute are no finer than minutes, and two of them are in each step', () => {
  expect(plan(HOUR_MS, 600, { intervalMs: MINUTE_MS })).toMatchObject({ source: 'minutes', stepMs: 2 * MINUTE_MS })
})

test('minutes are told while the samples are not known', () => {
  const kept = { nowMs: NOW_MS, intervalMs: undefined, samplesSinceMs: undefined }
  const asked = { sinceMs: NOW_MS - HOUR_MS, untilMs: NOW_MS, steps: 600 }
  expect(planSteps(asked, kept)).toMatchObject({ source: 'minutes', stepMs: MINUTE_MS })
})

test('the steps cover what is asked, are not too many, and stand where those of any other request stand', () => {
  const backMs = fc.integer({ min: 1, max: 100 * DAY_MS })
  fc.assert(
    fc.property(backMs, backMs, fc.integer({ min: 10, max: 2_000 }), (one, other, steps) => {
      const [sinceMs, untilMs] = [NOW_MS - Math.max(one, other) - 1, NOW_MS - Math.min(one, other)]
      const { startMs, stepMs, count } = planSteps({ sinceMs, untilMs, steps }, KEPT)
      expect(count).toBeLessThanOrEqual(steps)
      expect(startMs % stepMs).toBe(0)
      expect(startMs).toBeLessThanOrEqual(Math.max(sinceMs, NOW_MS - 60 * DAY_MS))
      expect(startMs + count * stepMs).toBeGreaterThanOrEqual(untilMs)
    }),
  )
})
