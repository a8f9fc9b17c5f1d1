import type { PastStep } from '@lxc-autoscale/core'
import { pastSamples } from '@lxc-autoscale/model'
import { expect, test } from 'vitest'

const MINUTE_MS = 60_000
const sameTimes = (clockMs: number) => ({ timestampMs: clockMs, localTimeMs: clockMs + 3_600_000 })

function step(change: Partial<PastStep>): PastStep {
  return {
    startMs: 0,
    stepMs: MINUTE_MS,
    coresUsed: { mean: 1, peak: 1 },
    memoryUsedMb: { mean: 100, peak: 100 },
    cores: 4,
    memoryLimitMb: 512,
    cpuWaitingPercent: undefined,
    ...change,
  }
}

test('a minute is a sample that ends with it', () => {
  expect(pastSamples([step({ startMs: 120_000 })], sameTimes)).toMatchObject([
    { timestampMs: 180_000, localTimeMs: 3_780_000, cpuCoresUsed: 1, memoryUsageMb: 100, cpuCores: 4 },
  ])
})

test('the last minute of a longer step is its peak, the others keep its mean', () => {
  const samples = pastSamples([step({ stepMs: 30 * MINUTE_MS, coresUsed: { mean: 1, peak: 3 } })], sameTimes)
  const cores = samples.map(({ cpuCoresUsed = 0 }) => cpuCoresUsed)
  expect(samples).toHaveLength(30)
  expect(samples.at(-1)?.timestampMs).toBe(30 * MINUTE_MS)
  expect(cores.at(-1)).toBe(3)
  expect(Math.max(...cores.slice(0, -1))).toBeLessThan(1)
  expect(cores.reduce((sum, each) => sum + each, 0) / 30).toBeCloseTo(1)
})

test('what was not kept is not known', () => {
  const [sample] = pastSamples([step({ coresUsed: undefined })], sameTimes)
  expect(sample?.cpuCoresUsed).toBeUndefined()
  expect(sample?.memoryUsageMb).toBe(100)
})
