import type { PastStep } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import {
  knownPast,
  learningMs,
  ofThisContainer,
  soundSteps,
} from '../../../../../packages/model/src/policy/past/known-past.ts'

const HOUR_MS = 3_600_000

function hour(at: number, change: Partial<PastStep> = {}): PastStep {
  return {
    startMs: at * HOUR_MS,
    stepMs: HOUR_MS,
    coresUsed: { mean: 1, peak: 2 },
    memoryUsedMb: { mean: 100, peak: 200 },
    cores: 2,
    memoryLimitMb: 512,
    cpuWaitingPercent: undefined,
    ...change,
  }
}
const hours = (...at: number[]) => at.map(each => hour(each))

describe('learning', () => {
  test('takes as long as told when nothing is known', () => {
    expect(knownPast([])).toBeUndefined()
    expect(learningMs(3, undefined)).toBe(3 * HOUR_MS)
  })

  test('is shorter by half of what is known in long steps, and by all that is known in minutes', () => {
    const past = knownPast(hours(0, 1))
    expect(past).toEqual({ knownMs: 2 * HOUR_MS, countedMs: HOUR_MS })
    expect(learningMs(3, past)).toBe(2 * HOUR_MS)
    expect(knownPast([hour(0, { stepMs: 60_000 })])?.countedMs).toBe(60_000)
  })

  test('is not shorter by the time in which it was off', () => {
    expect(knownPast(hours(0, 30))).toEqual(knownPast(hours(0, 1)))
  })

  test('never takes less than a third', () => {
    expect(learningMs(3, { knownMs: 0, countedMs: 1_000 * HOUR_MS })).toBe(HOUR_MS)
  })

  test('counts nothing that was cut off by a memory limit, nor what ended long ago', () => {
    expect(knownPast([hour(0, { memoryUsedMb: { mean: 300, peak: 500 } })])).toMatchObject({ countedMs: 0 })
    expect(knownPast(hours(0, 1), 5 * HOUR_MS)).toMatchObject({ countedMs: HOUR_MS })
    expect(knownPast(hours(0, 1), 6 * HOUR_MS)).toEqual({ knownMs: 2 * HOUR_MS, countedMs: 0 })
  })

  test('counts nothing of which a figure is not known', () => {
    expect(knownPast([hour(0, { coresUsed: undefined })])).toBeUndefined()
  })
})

describe('what was kept under the number of a container', () => {
  test('is of it over a gap in which the host was off', () => {
    expect(ofThisContainer(hours(0, 1, 20, 21), hour(22))).toHaveLength(4)
  })

  test('is of another one before a gap after which it is allowed something else', () => {
    const now = [hour(20, { memoryLimitMb: 1_024 }), hour(21, { memoryLimitMb: 1_024 })]
    expect(ofThisContainer([...hours(0, 1), ...now], hour(22, { memoryLimitMb: 1_024 }))).toEqual(now)
  })

  test('is of it when it was changed without a gap', () => {
    expect(ofThisContainer([...hours(0, 1), hour(2, { cores: 4 })], hour(3, { cores: 4 }))).toHaveLength(3)
  })

  test('is of it when nothing is known of its memory', () => {
    const steps = hours(0, 1).map(step => ({ ...step, memoryUsedMb: undefined, memoryLimitMb: undefined }))
    expect(ofThisContainer(steps, hour(2, { memoryLimitMb: undefined }))).toEqual(steps)
  })

  test('counts only in order and within what can be', () => {
    const wrong = [
      hour(0),
      hour(2, { stepMs: 0 }),
      hour(2, { stepMs: 8 * 24 * HOUR_MS }),
      hour(3, { coresUsed: { mean: 3, peak: 1 } }),
      hour(4, { memoryUsedMb: { mean: -1, peak: 1 } }),
    ]
    expect(soundSteps([hour(1), ...wrong])).toEqual([hour(1)])
  })
})
