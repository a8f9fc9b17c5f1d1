import { describe, expect, test } from 'vitest'
import { ADAPTIVE_PARAMETERS, adaptive } from '../../../../../packages/model/src/policy/policies/adaptive/adaptive.ts'
import type { SizingSettings } from '../../../../../packages/model/src/policy/policy.ts'
import { localSample, MONDAY_MS, settings } from '../../../../builders/sizing.ts'

const MINUTE_MS = 60_000
const SIZING: SizingSettings = settings({ cpu_unit: 'cpulimit', min_cpu_cores: 0.1 }).sizing
const allocation = { cores: 2, memoryMb: 1_024 }

const at = (minute: number) => ({ timeMs: MONDAY_MS + minute * MINUTE_MS, localTimeMs: MONDAY_MS + minute * MINUTE_MS })

/** A state that has seen `minutes` of noisy days. */
function learned(minutes: number) {
  const state = adaptive.create(SIZING)
  for (let minute = 0; minute < minutes; minute++) {
    const noise = ((minute * 7_919) % 101) / 100
    state.observe(
      localSample({
        ...at(minute),
        allocation,
        cpuCoresUsed: 0.5 + noise,
        memoryUsedMb: 300 + 200 * noise + (minute % 1_440) / 10,
      }),
    )
    if (minute % 5 === 0) state.decide({ ...at(minute), allocation })
  }
  return state
}

describe('the policy adaptive', () => {
  test('wants nothing of a resource whose allocation is not known', () => {
    const target = learned(300).decide({
      ...at(300),
      allocation: { cores: undefined, memoryMb: undefined },
    })
    expect([target.cores, target.memoryMb]).toEqual([undefined, undefined])
  })

  test('learns nothing from a sample without figures', () => {
    const state = adaptive.create(SIZING)
    state.observe(localSample({ ...at(0), cpuCoresUsed: undefined, memoryUsedMb: undefined }))
    expect(state.decide({ ...at(0), allocation })).toMatchObject({
      cores: undefined,
      memoryMb: undefined,
    })
  })

  test.each([
    ['throttled by its quota', { cpuThrottledPercent: 30 }, true],
    ['throttled in a few periods', { cpuThrottledPercent: 2 }, false],
    ['using all whole cores while tasks wait', { cpuCoresUsed: 2, cpuPressurePercent: 40 }, true],
    ['using all whole cores while nothing waits', { cpuCoresUsed: 2, cpuPressurePercent: 0 }, false],
    ['using all whole cores on a kernel without PSI', { cpuCoresUsed: 2, cpuPressurePercent: undefined }, true],
  ])('takes a container that is %s for short: %o', (_, figures, isShort) => {
    const state = learned(300)
    state.observe(localSample({ ...at(300), allocation, ...figures }))
    expect(state.decide({ ...at(300), allocation }).isCoresUrgent).toBe(isShort)
  })

  test('keeps at most 8 KB, also after weeks of noise', () => {
    expect(JSON.stringify(learned(22 * 1_440).serialise()).length).toBeLessThan(8_192)
  })

  test('goes on where it was after a restart', () => {
    const state = learned(2_000)
    const restored = adaptive.create(SIZING, JSON.parse(JSON.stringify(state.serialise())))
    const [own, others] = [state, restored].map(each => each.decide({ ...at(2_001), allocation }))
    expect(others?.cores).toBeCloseTo(own?.cores ?? Number.NaN, 2)
    expect(others?.memoryMb).toBeCloseTo(own?.memoryMb ?? Number.NaN, -1)
  })

  test.each([
    ['nothing', undefined],
    ['another version', { version: 0 }],
    ['what an earlier version kept', { ...Object(learned(2_000).serialise()), version: 1 }],
    ['a number', 7],
    ['a damaged state', { version: 3, clock: {}, cpu: { windows: 'x' }, memory: null }],
  ])('starts anew from %s', (_, saved) => {
    const state = adaptive.create(SIZING, saved)
    expect(state.decide({ ...at(0), allocation })).toMatchObject({
      cores: undefined,
      memoryMb: undefined,
    })
  })

  test('starts wholly anew when only a part of a state is damaged', () => {
    const saved: Record<string, unknown> = JSON.parse(JSON.stringify(learned(2_000).serialise()))
    const state = adaptive.create(SIZING, {
      ...saved,
      memory: { ...Object(saved['memory']), windows: [] },
    })
    expect(state.decide({ ...at(2_001), allocation })).toMatchObject({
      cores: undefined,
      memoryMb: undefined,
    })
  })

  test('gives a container that is known for two minutes no more than a step in 35 seconds, however throttled it is', () => {
    const state = adaptive.create(SIZING)
    let cores = 2
    const sample = (second: number, figures: object) => {
      const time = { timeMs: MONDAY_MS + second * 1_000, localTimeMs: MONDAY_MS + second * 1_000 }
      state.observe(localSample({ ...time, allocation: { ...allocation, cores }, ...figures }))
      cores = state.decide({ ...time, allocation: { ...allocation, cores } }).cores ?? cores
    }
    for (let second = 0; second < 120; second += 5) sample(second, { cpuCoresUsed: 1 })
    cores = 2
    for (let second = 120; second <= 155; second += 5) {
      sample(second, { cpuCoresUsed: cores, cpuThrottledPercent: 100, cpuPressurePercent: 100 })
    }
    expect(cores).toBe(3)
    for (let second = 160; second < 210; second += 5) {
      sample(second, { cpuCoresUsed: cores, cpuThrottledPercent: 100, cpuPressurePercent: 100 })
    }
    expect(cores).toBe(4.5)
  })

  test('takes a kill for all that the container was allowed, whatever is left of it', () => {
    const state = adaptive.create(SIZING)
    const see = (minute: number, figures: object) =>
      state.observe(localSample({ ...at(minute), allocation, cpuCoresUsed: 0.5, memoryUsedMb: 100, ...figures }))
    for (let minute = 0; minute < 300; minute++) see(minute, minute === 20 ? { oomKills: 1 } : {})
    expect(state.decide({ ...at(300), allocation }).memoryMb).toBeGreaterThan(1_024 * 1.3)
  })

  test('knows the peak of two weeks also after memory_safety was another for a day', () => {
    const thrifty = settings({ memory_safety: 'thrifty' }).sizing
    let state = adaptive.create(SIZING)
    const see = (minute: number, memoryUsedMb: number) =>
      state.observe(localSample({ ...at(minute), allocation, cpuCoresUsed: 0.5, memoryUsedMb }))
    see(0, 800)
    for (let minute = 1; minute < 3 * 1_440; minute++) see(minute, 400)
    for (const sizing of [thrifty, SIZING])
      state = adaptive.create(sizing, JSON.parse(JSON.stringify(state.serialise())))
    const wantedOn = (day: number) => {
      for (let minute = day * 1_440; minute < day * 1_440 + 300; minute++) {
        see(minute, 400)
        state.decide({ ...at(minute), allocation })
      }
      return state.decide({ ...at(day * 1_440 + 300), allocation }).memoryMb
    }
    expect(wantedOn(12)).toBeGreaterThan(800)
    expect(wantedOn(16)).toBeLessThan(800)
  })

  test('has fewer than 60 tuned numbers', () => {
    const numbers = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? Object.values(value)
            .map(numbers)
            .reduce((a, b) => a + b, 0)
        : 1
    expect(numbers(ADAPTIVE_PARAMETERS)).toBeLessThan(60)
  })
})
