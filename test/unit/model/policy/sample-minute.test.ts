import { expect, test } from 'vitest'
import { adaptive } from '../../../../packages/model/src/policy/policies/adaptive/adaptive.ts'
import type { PolicyState } from '../../../../packages/model/src/policy/policy.ts'
import { localSample, MONDAY_MS, settings, TWO_CORES_1_GB } from '../../../builders/sizing.ts'

/** A load that goes up and down, the same for everybody; changes once a minute. */
const load = (timeMs: number) => 0.6 + 0.4 * Math.sin(Math.floor(timeMs / 60_000) / 40)

function observed(stepMs: number, hours: number): PolicyState {
  const state = adaptive.create(settings().sizing)
  for (let timeMs = MONDAY_MS + stepMs; timeMs <= MONDAY_MS + hours * 3_600_000; timeMs += stepMs) {
    state.observe(localSample({ timeMs, cpuCoresUsed: load(timeMs - 1), memoryUsedMb: 300 + 50 * load(timeMs - 1) }))
  }
  return state
}

function target(state: PolicyState, timeMs: number) {
  return state.decide({ timeMs, localTimeMs: timeMs, allocation: TWO_CORES_1_GB })
}

test('learns the same from samples every 10 s as from samples every minute', () => {
  const endMs = MONDAY_MS + 48 * 3_600_000
  const often = target(observed(10_000, 48), endMs)
  const seldom = target(observed(60_000, 48), endMs)
  expect(often.cores ?? 0).toBeCloseTo(seldom.cores ?? 0, 1)
  expect(Math.abs((often.memoryMb ?? 0) - (seldom.memoryMb ?? 0))).toBeLessThan(8)
})

test('does not jump further because the monitor looked more often in a minute of shortage', () => {
  const shortFor = (stepMs: number) => {
    const state = observed(stepMs, 6)
    for (
      let timeMs = MONDAY_MS + 6 * 3_600_000 + stepMs;
      timeMs <= MONDAY_MS + 6 * 3_600_000 + 60_000;
      timeMs += stepMs
    ) {
      state.observe(localSample({ timeMs, cpuCoresUsed: 2, cpuPressurePercent: 50 }))
    }
    return target(state, MONDAY_MS + 6 * 3_600_000 + 60_000).cores
  }
  const seldom = shortFor(60_000) ?? 0
  expect(seldom).toBeGreaterThan(2)
  // Where the minutes begin may make one count of difference, six samples must not make six.
  expect(shortFor(10_000)).toBeLessThanOrEqual(seldom * 1.5)
})
