import { describe, expect, test } from 'vitest'
import { threshold } from '../../../../packages/model/src/policy/policies/threshold.ts'
import { localSample, MONDAY_MS, settings } from '../../../builders/sizing.ts'

const SIZING = settings({ cpu_scale_step: 1, ram_scale_step_mb: 512 }).sizing

/** What it wants of a container with 4 cores and 2048 MB that uses so much. */
function wants(cpuCoresUsed: number | undefined, memoryUsedMb: number | undefined) {
  const state = threshold.create(SIZING)
  const allocation = { cores: 4, memoryMb: 2_048 }
  state.observe(localSample({ allocation, cpuCoresUsed, memoryUsedMb }))
  const { cores, memoryMb } = state.decide({ timeMs: MONDAY_MS, localTimeMs: MONDAY_MS, allocation })
  return { cores, memoryMb }
}

describe('the policy threshold', () => {
  test.each([
    ['above the upper threshold a step up', 3.1, 1_600, { cores: 5, memoryMb: 2_560 }],
    ['between the thresholds nothing', 2, 1_000, { cores: undefined, memoryMb: undefined }],
    ['below the lower threshold a step down', 0.5, 500, { cores: 3, memoryMb: 1_536 }],
    ['nothing of what is not known', undefined, undefined, { cores: undefined, memoryMb: undefined }],
  ])('wants %s', (_, cores, memoryMb, wanted) => {
    expect(wants(cores, memoryMb)).toEqual(wanted)
  })

  test('wants nothing before the first sample', () => {
    const target = threshold
      .create(SIZING)
      .decide({ timeMs: 0, localTimeMs: 0, allocation: { cores: 4, memoryMb: 2_048 } })
    expect([target.cores, target.memoryMb]).toEqual([undefined, undefined])
  })

  test('does not step down to where it would step up again', () => {
    const state = threshold.create({ ...SIZING, threshold: { ...SIZING.threshold, cpuDownPercent: 60 } })
    const allocation = { cores: 2, memoryMb: 2_048 }
    state.observe(localSample({ allocation, cpuCoresUsed: 1.1 }))
    const { cores } = state.decide({ timeMs: 0, localTimeMs: 0, allocation })
    expect(cores).toBeUndefined()
  })

  test('never steps down to nothing', () => {
    const state = threshold.create(SIZING)
    const allocation = { cores: 1, memoryMb: 512 }
    state.observe(localSample({ allocation, cpuCoresUsed: 0, memoryUsedMb: 10 }))
    const { cores, memoryMb } = state.decide({ timeMs: 0, localTimeMs: 0, allocation })
    expect([cores, memoryMb]).toEqual([undefined, undefined])
  })
})
