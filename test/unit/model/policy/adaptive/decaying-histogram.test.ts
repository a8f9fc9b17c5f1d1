import { describe, expect, test } from 'vitest'
import {
  DecayingHistogram,
  DecayingHistogramState,
} from '../../../../../packages/model/src/policy/policies/adaptive/decaying-histogram.ts'

const HOUR_MS = 3_600_000

describe('DecayingHistogram', () => {
  test('is 0 while empty', () => {
    expect(new DecayingHistogram(HOUR_MS).quantile(0.9)).toBe(0)
  })

  test.each([0.5, 0.9, 0.98])('gives the quantile %d, at most two percent and a bucket too high', quantile => {
    const histogram = new DecayingHistogram(24 * HOUR_MS)
    for (let i = 1; i <= 1_000; i++) histogram.add(i, i / 100, 1)
    expect(histogram.quantile(quantile)).toBeGreaterThanOrEqual(10 * quantile)
    expect(histogram.quantile(quantile)).toBeLessThanOrEqual(10 * quantile * 1.02 + 0.01)
  })

  test('forgets by half-lives', () => {
    const histogram = new DecayingHistogram(HOUR_MS)
    histogram.add(0, 8, 1_000)
    histogram.add(12 * HOUR_MS, 1, 1_000)
    expect(histogram.quantile(0.98)).toBeLessThan(1.03)
  })

  test('stays the same over hundreds of half-lives', () => {
    const histogram = new DecayingHistogram(HOUR_MS)
    for (let hour = 0; hour < 2_000; hour++) histogram.add(hour * HOUR_MS, 3, 1)
    expect(histogram.quantile(0.5)).toBeCloseTo(3, 1)
  })

  test('holds any value that can be measured', () => {
    const histogram = new DecayingHistogram(HOUR_MS)
    for (const cores of [0, 1e-9, 0.004_999, 1e6]) histogram.add(0, cores, 1)
    expect(Number.isFinite(histogram.quantile(1))).toBe(true)
  })

  test('goes on where it was after being saved', () => {
    const histogram = new DecayingHistogram(HOUR_MS)
    for (let i = 0; i < 500; i++) histogram.add(i * 60_000, 1 + (i % 7), 60)
    const restored = new DecayingHistogram(HOUR_MS)
    restored.restore(DecayingHistogramState.parse(JSON.parse(JSON.stringify(histogram.serialise()))))
    for (const each of [histogram, restored]) each.add(501 * 60_000, 4, 60)
    expect(restored.quantile(0.9)).toBe(histogram.quantile(0.9))
  })
})
