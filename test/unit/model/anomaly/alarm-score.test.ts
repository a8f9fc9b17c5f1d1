import { describe, expect, test } from 'vitest'
import { AlarmScore, fitTail } from '../../../../packages/model/src/anomaly/alarm-score.ts'
import { AlarmWatch } from '../../../../packages/model/src/anomaly/alarm-watch.ts'
import { Random } from '../../../../packages/model/src/forest/random.ts'

const BLOCK_MS = 600_000
const NO_ROW = new Float64Array(22)

function trained(options: { alarmsPerWeek?: number; contamination?: 'auto' | number } = {}): AlarmScore {
  const threshold = new AlarmScore({ alarmsPerWeek: 1, contamination: 'auto', ...options })
  const random = new Random(3)
  for (let i = 0; i < 288; i++) threshold.add(0.4 + 0.1 * random.uniform(), (i * BLOCK_MS) / 2)
  return threshold
}

describe('AlarmScore', () => {
  test('is not known before two hours of held-out scores', () => {
    const threshold = new AlarmScore({ alarmsPerWeek: 1, contamination: 'auto' })
    for (let block = 0; block < 12; block++) threshold.add(0.4, block * BLOCK_MS)
    expect(threshold.value).toBeUndefined()
    expect(threshold.confidence(0.9)).toBe(0)
    threshold.add(0.4, 12 * BLOCK_MS)
    expect(threshold.value).toBeGreaterThan(0.4)
    expect(threshold.value).toBeLessThan(0.5)
  })

  test('lies beyond what was held out, and the farther the smaller the budget', () => {
    const generous = trained({ alarmsPerWeek: 50 }).value ?? 0
    const usual = trained().value ?? 0
    const strict = trained({ alarmsPerWeek: 0.1 }).value ?? 0
    expect(usual).toBeGreaterThan(0.5)
    expect(generous).toBeLessThan(usual)
    expect(strict).toBeGreaterThan(usual)
    expect(strict).toBeLessThan(0.7)
  })

  test('leaves the share above it that the administrator sets', () => {
    const value = trained({ contamination: 0.1 }).value ?? 0
    expect(Math.abs(value - 0.49)).toBeLessThan(0.01)
  })

  test('rises to the alarms of a week beyond the budget, and falls when they are no longer strange', () => {
    const threshold = trained()
    const before = threshold.value ?? 0
    for (const score of [0.8, 0.75, 0.7]) threshold.addAlarm({ timeMs: 0, score, row: NO_ROW })
    expect(threshold.value).toBeGreaterThan(0.75)
    threshold.reviseAlarms(BLOCK_MS, () => 0.45)
    expect(threshold.value).toBeCloseTo(before, 9)
  })

  test('forgets alarms after a week', () => {
    const threshold = trained()
    const before = threshold.value ?? 0
    for (const score of [0.8, 0.75]) threshold.addAlarm({ timeMs: 0, score, row: NO_ROW })
    threshold.reviseAlarms(604_800_001, () => 0.8)
    expect(threshold.value).toBeCloseTo(before, 9)
  })

  test('gives a confidence of 0 at the threshold that grows to 100 with the distance, on either side', () => {
    const threshold = trained()
    const value = threshold.value ?? 0
    const above = [0.0001, 0.01, 0.03, 0.1].map(distance => threshold.confidence(value + distance))
    const below = [0.0001, 0.05, 0.08, 0.3].map(distance => threshold.confidence(value - distance))
    for (const side of [above, below]) {
      expect(side).toEqual(side.toSorted((a, b) => a - b))
      expect(side[0]).toBeLessThan(5)
      expect(side[3]).toBeGreaterThan(99)
      expect(side[3]).toBeLessThanOrEqual(100)
    }
  })
})

test('fitTail finds scale and share of an exponential tail', () => {
  const random = new Random(1)
  const values = Array.from({ length: 10_000 }, () => -0.02 * Math.log(1 - random.uniform())).sort((a, b) => a - b)
  const { start, scale, share } = fitTail(values)
  expect(share).toBe(0.01)
  expect(start).toBeCloseTo(-0.02 * Math.log(0.01), 1)
  expect(Math.abs(scale - 0.02)).toBeLessThan(0.006)
})

describe('AlarmWatch', () => {
  const threshold = trained()
  const high = (threshold.value ?? 0) + 0.1

  function judge(watch: AlarmWatch, scores: readonly number[], fromMs = 0): boolean[] {
    return scores.map((score, i) => watch.judge(watch.lasting(score), NO_ROW, fromMs + i * 10_000, threshold))
  }

  test('takes only what lasts longer than the rolling window for an anomaly', () => {
    const watch = new AlarmWatch(5)
    expect(judge(watch, [...Array(8).fill(0.4), ...Array(5).fill(high), ...Array(8).fill(0.4)])).not.toContain(true)
    expect(judge(watch, Array(6).fill(high)).indexOf(true)).toBe(5)
  })

  test('counts anomalies less than half an hour apart as one alarm', () => {
    const watch = new AlarmWatch(1)
    const episode = [...Array(6).fill(high), ...Array(6).fill(0.4)]
    judge(watch, episode, 0)
    judge(watch, episode, 1_200_000)
    expect(watch.alarms).toBe(1)
    expect(watch.isAlarmed).toBe(true)
    judge(watch, episode, 9_000_000)
    expect(watch.alarms).toBe(2)
  })

  test('begins anew after an interruption', () => {
    const watch = new AlarmWatch(5)
    judge(watch, Array(5).fill(high))
    watch.interrupt()
    expect(judge(watch, Array(7).fill(high))).not.toContain(true)
  })
})
