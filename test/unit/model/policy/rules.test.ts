import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NamedSchedule } from '../../../../packages/model/src/policy/container-settings.ts'
import type { Allocation } from '../../../../packages/model/src/policy/decision.ts'
import type { Refusal } from '../../../../packages/model/src/policy/refusals.ts'
import { memoryStepMb } from '../../../../packages/model/src/policy/rounding.ts'
import { growUnderPressure } from '../../../../packages/model/src/policy/rules/grow-under-pressure.ts'
import { holdAfterRefusal } from '../../../../packages/model/src/policy/rules/hold-after-refusal.ts'
import {
  holdForBalancer,
  holdInGrowOnly,
  holdInQuarantine,
  holdInShrinkCooldown,
  holdWhileAbnormal,
  holdWhileBoosted,
  holdWhileLearning,
} from '../../../../packages/model/src/policy/rules/hold-shrinking.ts'
import { holdSmallChanges } from '../../../../packages/model/src/policy/rules/hold-small-changes.ts'
import { keepRawLimits } from '../../../../packages/model/src/policy/rules/keep-raw-limits.ts'
import { isOpen, keepSchedule } from '../../../../packages/model/src/policy/rules/keep-schedule.ts'
import { keepTruce } from '../../../../packages/model/src/policy/rules/keep-truce.ts'
import { keepWithinLimits } from '../../../../packages/model/src/policy/rules/keep-within-limits.ts'
import {
  holdInGrowCooldown,
  keepChangeBudget,
  waitForEffect,
} from '../../../../packages/model/src/policy/rules/limit-changes.ts'
import { limitMemoryShrink } from '../../../../packages/model/src/policy/rules/limit-memory-shrink.ts'
import { requireQuietContainer } from '../../../../packages/model/src/policy/rules/require-quiet-container.ts'
import { requireSoundData } from '../../../../packages/model/src/policy/rules/require-sound-data.ts'
import { Schedule } from '../../../../packages/model/src/policy/settings.ts'
import {
  circumstances,
  draft,
  facts,
  localSample,
  MONDAY_MS,
  settings,
  TWO_CORES_1_GB,
} from '../../../builders/sizing.ts'

const NOTHING = { cores: undefined, memoryMb: undefined }
const SMALLER = { cores: 1, memoryMb: 512 }
const LARGER = { cores: 4, memoryMb: 2_048 }
const HOUR_MS = 3_600_000

describe('requireSoundData', () => {
  test.each([
    ['the allocation is not known', { circumstances: circumstances({ allocation: NOTHING }) }],
    ['there is no sample', { newest: undefined }],
    ['the newest sample is stale', { newest: localSample({ timeMs: MONDAY_MS - 31_000 }) }],
    ['the newest sample lies in the future', { newest: localSample({ timeMs: MONDAY_MS + 31_000 }) }],
    ['it seems to use more cores than there are', { newest: localSample({ cpuCoresUsed: 9 }) }],
    ['it seems to use more memory than its limit', { newest: localSample({ memoryUsedMb: 9_000 }) }],
  ])('lets nothing pass when %s', (_, overrides) => {
    expect(requireSoundData(draft(LARGER), facts(overrides)).to).toEqual(NOTHING)
  })

  test('holds only the resource whose use is not known', () => {
    const newest = localSample({ memoryUsedMb: undefined })
    expect(requireSoundData(draft(SMALLER), facts({ newest })).to).toEqual({ cores: 1, memoryMb: undefined })
  })
})

describe('requireQuietContainer', () => {
  test.each([
    ['does not run', { isRunning: false }],
    ['may not run', { isRunning: undefined }],
    ['is locked', { lock: 'backup' }],
    ['migrates', { isMigrating: true }],
    ['is queued by HA', { haBusy: 'the HA manager is asked to move it to node b (relocate)' }],
    ['was just started', { uptimeMs: 5_000 }],
  ])('leaves a container alone that %s', (_, overrides) => {
    const held = requireQuietContainer(draft(LARGER), facts({ circumstances: circumstances(overrides) }))
    expect(held.to).toEqual(NOTHING)
    expect(held.reasons).toHaveLength(1)
  })

  test('leaves a container alone whose mode is off, and says by what', () => {
    const off = settings({}, { tags: ['autoscale-off'] })
    const held = requireQuietContainer(draft(LARGER), facts({ settings: off }))
    expect(held.reasons[0]?.text).toContain('tag autoscale-off')
  })

  test('does not mind what is not known of HA, migration and age', () => {
    const unknown = circumstances({
      isMigrating: undefined,
      uptimeMs: undefined,
      lock: undefined,
    })
    expect(requireQuietContainer(draft(LARGER), facts({ circumstances: unknown })).to).toEqual(LARGER)
  })
})

describe('keepTruce', () => {
  test('leaves the container alone until the truce ends', () => {
    const during = facts({ truceUntilMs: MONDAY_MS + 1 })
    const after = facts({ truceUntilMs: MONDAY_MS })
    expect(keepTruce(draft(LARGER), during).to).toEqual(NOTHING)
    expect(keepTruce(draft(LARGER), after).to).toEqual(LARGER)
  })

  test('lets a container that is boosted grow out of need, and nothing else', () => {
    const boost = { cores: false, memory: true, untilMs: MONDAY_MS + HOUR_MS }
    const boosted = facts({ truceUntilMs: MONDAY_MS + 1, circumstances: circumstances({ boost }) })
    expect(keepTruce(draft(LARGER, { isMemoryUrgent: true }), boosted).to).toEqual({ ...LARGER, cores: undefined })
    expect(keepTruce(draft(LARGER), boosted).to).toEqual(NOTHING)
    expect(keepTruce(draft(SMALLER, { isMemoryUrgent: true }), boosted).to).toEqual(NOTHING)
  })
})

describe('holdWhileBoosted', () => {
  const boost = { cores: false, memory: true, untilMs: MONDAY_MS + HOUR_MS }

  test('keeps what the boost gave, and nothing else; what grows passes', () => {
    const boosted = facts({ circumstances: circumstances({ boost }) })
    const held = holdWhileBoosted(draft(SMALLER), boosted)
    expect(held.to).toEqual({ ...SMALLER, memoryMb: undefined })
    expect(held.reasons).toMatchObject([{ rule: 'hold-while-boosted', on: 'memoryMb', untilMs: boost.untilMs }])
    expect(holdWhileBoosted(draft(LARGER), boosted).to).toEqual(LARGER)
    expect(holdWhileBoosted(draft(SMALLER), facts()).to).toEqual(SMALLER)
  })
})

describe.each([
  ['holdInGrowOnly', holdInGrowOnly, facts({ settings: settings({ mode: 'grow_only' }) })],
  ['holdWhileLearning', holdWhileLearning, facts({ observedMs: HOUR_MS })],
  [
    'holdWhileAbnormal',
    holdWhileAbnormal,
    facts({ circumstances: circumstances({ verdict: { isAbnormal: true, confidence: 90, why: 'io_writes' } }) }),
  ],
  ['holdInShrinkCooldown', holdInShrinkCooldown, facts({ lastChangeMs: MONDAY_MS - 60_000 })],
  [
    'holdForBalancer',
    holdForBalancer,
    facts({ lastChangeMs: MONDAY_MS - 20_000, circumstances: circumstances({ balancerHoldMs: 30_000 }) }),
  ],
])('%s', (_, rule, holding) => {
  test('holds what shrinks and lets pass what grows', () => {
    expect(rule(draft(SMALLER), holding).to).toEqual(NOTHING)
    expect(rule(draft(LARGER), holding).to).toEqual(LARGER)
    expect(rule(draft({ cores: 1, memoryMb: 2_048 }), holding).to).toEqual({ cores: undefined, memoryMb: 2_048 })
  })

  test('lets everything pass when its reason is gone', () => {
    expect(rule(draft(SMALLER), facts()).to).toEqual(SMALLER)
  })
})

test('holdInQuarantine holds memory alone', () => {
  const quarantined = facts({ quarantineUntilMs: MONDAY_MS + HOUR_MS })
  expect(holdInQuarantine(draft(SMALLER), quarantined).to).toEqual({ cores: 1, memoryMb: undefined })
  expect(holdInQuarantine(draft(SMALLER), facts()).to).toEqual(SMALLER)
})

describe('growUnderPressure', () => {
  test.each([
    ['an OOM kill', { oomKills: 1 }],
    ['stalls', { memoryPressurePercent: 12 }],
    ['the limit met with stalls', { memoryMaxEvents: 3, memoryPressurePercent: 4 }],
  ])('grows memory by a fifth after %s', (_, overrides) => {
    const grown = growUnderPressure(draft({}), facts({ newest: localSample(overrides) }))
    expect(grown.to.memoryMb).toBeCloseTo(1_228.8)
    expect(grown.isMemoryUrgent).toBe(true)
  })

  test('grows so far that what is swapped out would fit, when it stalls', () => {
    const newest = localSample({ memoryUsedMb: 1_000, swapUsedMb: 300, memoryPressurePercent: 4 })
    const grown = growUnderPressure(draft({}), facts({ newest }))
    expect(grown).toMatchObject({ to: { memoryMb: 1_300 }, isMemoryUrgent: true })
    expect(grown.reasons[0]?.text).toBe(
      'stalls for memory 4 % of the time, of which 2.5 % is too much with swap in use: at once room for the 1300 MB that it uses and has swapped out',
    )
  })

  test('takes no alarm at swap that would fit, nor at swap without stalls', () => {
    const cold = localSample({ memoryUsedMb: 500, swapUsedMb: 300, memoryPressurePercent: 4 })
    const calm = localSample({ memoryUsedMb: 1_000, swapUsedMb: 300 })
    expect(growUnderPressure(draft({}), facts({ newest: cold })).to).toEqual(NOTHING)
    expect(growUnderPressure(draft({}), facts({ newest: calm })).to).toEqual(NOTHING)
  })

  test('turns a wish to shrink round', () => {
    const newest = localSample({ oomKills: 1 })
    expect(growUnderPressure(draft({ memoryMb: 512 }), facts({ newest })).to.memoryMb).toBeGreaterThan(1_024)
  })

  test('leaves a larger wish of the policy', () => {
    const newest = localSample({ oomKills: 1 })
    expect(growUnderPressure(draft({ memoryMb: 4_096 }), facts({ newest })).to.memoryMb).toBe(4_096)
  })

  test('does nothing about kills inside a limit of its own, and says so', () => {
    const inner = facts({ newest: localSample({ innerOomKills: 3, innerMax: 3 }), lastInnerKillMs: MONDAY_MS - 60_000 })
    const kept = growUnderPressure(draft({}), inner)
    expect(kept.to).toEqual(NOTHING)
    expect(kept.reasons[0]?.text).toContain('killed inside a limit of its own')
  })

  test('takes no alarm at a limit that only page cache meets', () => {
    const newest = localSample({ memoryHighEvents: 500, memoryPressurePercent: 0 })
    expect(growUnderPressure(draft({}), facts({ newest })).to).toEqual(NOTHING)
  })
})

describe('limitMemoryShrink', () => {
  test('shrinks by at most one step at a time', () => {
    expect(limitMemoryShrink(draft({ memoryMb: 330 }), facts()).to.memoryMb).toBe(512)
  })

  test('never goes below what the API allows, what is in use or swapped out, or cannot be reclaimed', () => {
    const least = facts({ circumstances: circumstances({ leastMemoryMb: 980 }) })
    const use = facts({ newest: localSample({ memoryUsedMb: 900, swapUsedMb: 20 }) })
    const floor = facts({ newest: localSample({ memoryUsedMb: 300, memoryFloorMb: 950 }) })
    expect(limitMemoryShrink(draft({ memoryMb: 512 }), least).to.memoryMb).toBe(980)
    expect(limitMemoryShrink(draft({ memoryMb: 512 }), use).to.memoryMb).toBe(920)
    expect(limitMemoryShrink(draft({ memoryMb: 512 }), floor).to.memoryMb).toBe(950)
  })

  test.each([
    ['memory use is not known', { newest: localSample({ memoryUsedMb: undefined }) }],
    ['it stalls for memory a little', { newest: localSample({ memoryPressurePercent: 3 }) }],
    ['the step before was just taken', { lastMemoryShrinkMs: MONDAY_MS - 60_000 }],
    ['all of it is in use', { newest: localSample({ memoryUsedMb: 1_024 }) }],
    ['the API allows no less', { circumstances: circumstances({ leastMemoryMb: 1_024 }) }],
    ['nobody says how little is safe', { circumstances: circumstances({ leastMemoryMb: undefined }) }],
  ])('does not shrink while %s', (_, overrides) => {
    expect(limitMemoryShrink(draft({ memoryMb: 512 }), facts(overrides)).to.memoryMb).toBeUndefined()
  })

  test('shrinks without a floor that the kernel does not tell', () => {
    const newest = localSample({ memoryFloorMb: undefined, memoryPressurePercent: undefined })
    expect(limitMemoryShrink(draft({ memoryMb: 900 }), facts({ newest })).to.memoryMb).toBe(900)
  })
})

describe('holdInGrowCooldown', () => {
  const cooling = facts({ lastGrowthMs: MONDAY_MS - 30_000 })

  test('holds growth that can wait', () => {
    expect(holdInGrowCooldown(draft(LARGER), cooling).to).toEqual(NOTHING)
  })

  test('never holds growth out of need, nor shrinking', () => {
    const needy = draft(LARGER, { isCoresUrgent: true, isMemoryUrgent: true })
    expect(holdInGrowCooldown(needy, cooling).to).toEqual(LARGER)
    expect(holdInGrowCooldown(draft(SMALLER), cooling).to).toEqual(SMALLER)
  })
})

/** So many changes in the last hour, a minute after each other, the newest a minute ago. */
const changes = (count: number) => Array.from({ length: count }, (_, at) => MONDAY_MS - (count - at) * 60_000)

describe('keepChangeBudget', () => {
  test('stops changes when the hour is used up', () => {
    expect(keepChangeBudget(draft(SMALLER), facts({ recentChangesMs: changes(6) })).to).toEqual(NOTHING)
    expect(keepChangeBudget(draft(SMALLER), facts({ recentChangesMs: changes(5) })).to).toEqual(SMALLER)
  })

  test('says until when: the oldest of as many changes as there may be is an hour old then', () => {
    const [reason] = keepChangeBudget(draft(SMALLER), facts({ recentChangesMs: changes(8) })).reasons
    // Of 12 an hour 6 are for growth that is not out of need: two of the eight must be over, and then one more.
    expect(reason?.untilMs).toBe(MONDAY_MS - 6 * 60_000 + HOUR_MS)
  })

  test('keeps a second budget for growth out of need, which ends too', () => {
    const needy = draft(LARGER, { isCoresUrgent: true })
    expect(keepChangeBudget(needy, facts({ recentChangesMs: changes(6) })).to).toEqual(LARGER)
    expect(keepChangeBudget(needy, facts({ recentChangesMs: changes(12) })).to).toEqual(NOTHING)
  })
})

describe('keepWithinLimits', () => {
  const has = (memoryMb: number) => circumstances({ allocation: { cores: 2, memoryMb } })

  test('rounds up to whole cores, and memory to a step that grows with the size', () => {
    expect(keepWithinLimits(draft({ cores: 2.2, memoryMb: 1_500.2 }), facts()).to).toEqual({
      cores: 3,
      memoryMb: 1_504,
    })
    const finer = facts({ settings: settings({ memory_step_mb: 1 }) })
    expect(keepWithinLimits(draft({ memoryMb: 1_377.5 }), finer).to.memoryMb).toBe(1_392)
    expect(keepWithinLimits(draft({ memoryMb: 33.2 }), facts({ settings: finer.settings })).to.memoryMb).toBe(128)
  })

  test('rounding takes nothing past a limit that is no multiple of the step, and turns no step round', () => {
    const keys = settings({ min_ram_mb: 1_001, max_ram_mb: 1_300 })
    const odd = (memoryMb: number) => facts({ settings: keys, circumstances: has(memoryMb) })
    expect(keepWithinLimits(draft({ memoryMb: 1_299 }), odd(1_024)).to.memoryMb).toBe(1_300)
    expect(keepWithinLimits(draft({ memoryMb: 1_299 }), odd(2_000)).to.memoryMb).toBe(1_300)
    expect(keepWithinLimits(draft({ memoryMb: 900 }), odd(1_100)).to.memoryMb).toBe(1_001)
    expect(keepWithinLimits(draft({ memoryMb: 1_180 }), odd(1_184)).to.memoryMb).toBeUndefined()
    expect(keepWithinLimits(draft({ memoryMb: 1_190 }), odd(1_200)).to.memoryMb).toBeUndefined()
  })

  test('the same wish changes nothing once more', () => {
    const megabytes = fc.integer({ min: 64, max: 9_000 })
    fc.assert(
      fc.property(megabytes, megabytes, fc.integer({ min: 1, max: 300 }), (hasMb, memoryMb, memory_step_mb) => {
        const keys = settings({ memory_step_mb, max_ram_mb: 5_001 })
        const given = (mb: number) =>
          keepWithinLimits(draft({ memoryMb }), facts({ settings: keys, circumstances: has(mb) })).to.memoryMb
        const first = given(hasMb)
        if (first !== undefined) expect(given(first)).toBeUndefined()
      }),
    )
  })

  test('what stands above the maximum shrinks by its own steps and is not pushed down to it', () => {
    const above = facts({ settings: settings({ max_ram_mb: 512 }) })
    expect(keepWithinLimits(draft({ memoryMb: 800 }), above).to.memoryMb).toBe(800)
  })

  test('rounds up to tenths where cores are given by quota', () => {
    const tenths = facts({ settings: settings({ cpu_unit: 'cpulimit', min_cpu_cores: 0.1 }) })
    expect(keepWithinLimits(draft({ cores: 0.61 }), tenths).to.cores).toBe(0.7)
  })

  test('keeps within minimum and maximum and names them', () => {
    const limited = facts({ settings: settings({ max_cpu_cores: 3, min_ram_mb: 600 }) })
    const kept = keepWithinLimits(draft({ cores: 9, memoryMb: 100 }), limited)
    expect(kept.to).toEqual({ cores: 3, memoryMb: 600 })
    expect(kept.reasons[0]?.text).toBe('at most 3 cores (max_cpu_cores, scaling)')
    expect(kept.reasons[1]?.text).toBe('at least 600 MB (min_ram_mb, scaling)')
  })

  test('never shrinks what should grow because it stands above the maximum', () => {
    const small = facts({ settings: settings({ max_cpu_cores: 1, max_ram_mb: 512 }) })
    expect(keepWithinLimits(draft(LARGER), small).to).toEqual(NOTHING)
  })

  test('raises what stands below the minimum to it, whatever is wished', () => {
    const large = facts({ settings: settings({ min_cpu_cores: 4, min_ram_mb: 4_096 }) })
    expect(keepWithinLimits(draft(SMALLER), large).to).toEqual({ cores: 4, memoryMb: 4_096 })
    expect(keepWithinLimits(draft({}), large).to).toEqual({ cores: 4, memoryMb: 4_096 })
  })
})

describe('memoryStepMb', () => {
  test.each([
    [64, 16, 16],
    [2_047, 16, 16],
    [2_048, 16, 32],
    [4_095, 16, 32],
    [65_536, 16, 1_024],
    [300, 1, 4],
  ])('a size of about %d MB with the key %d goes by steps of %d MB', (sizeMb, keyMb, stepMb) => {
    expect(memoryStepMb(sizeMb, keyMb)).toBe(stepMb)
  })
})

describe('holdSmallChanges', () => {
  const tenths = settings({ cpu_unit: 'cpulimit', min_cpu_cores: 0.1, max_ram_mb: 2_048 })
  const small = { cores: 2.05, memoryMb: 1_070 }
  const has = (allocation: Partial<Allocation>) => circumstances({ allocation: { ...TWO_CORES_1_GB, ...allocation } })

  test('holds what differs by less than the share, in both directions, and says so', () => {
    const held = holdSmallChanges(draft(small), facts({ settings: tenths }))
    expect(held.to).toEqual(NOTHING)
    expect(held.reasons[0]?.text).toBe('2.5 % is less than min_change_percent, 5 %')
    expect(held.reasons[1]?.text).toBe('4.5 % is less than min_change_percent, 5 %')
    expect(holdSmallChanges(draft({ cores: 1.95, memoryMb: 980 }), facts({ settings: tenths })).to).toEqual(NOTHING)
  })

  test('lets pass what differs by more, and everything where the share is 0', () => {
    const larger = { cores: 2.1, memoryMb: 1_076 }
    expect(holdSmallChanges(draft(larger), facts({ settings: tenths })).to).toEqual(larger)
    expect(holdSmallChanges(draft(small), facts({ settings: settings({ min_change_percent: 0 }) })).to).toEqual(small)
  })

  test('lets growth out of need pass, not shrinking', () => {
    const needs = { isCoresUrgent: true, isMemoryUrgent: true }
    expect(holdSmallChanges(draft(small, needs), facts({ settings: tenths })).to).toEqual(small)
    expect(holdSmallChanges(draft({ memoryMb: 980 }, needs), facts({ settings: tenths })).to).toEqual(NOTHING)
  })

  test('lets growth pass where what was seen leaves no more room than that, swap included', () => {
    const full = localSample({ cpuCoresUsed: 1.95, memoryUsedMb: 900, swapUsedMb: 80 })
    expect(holdSmallChanges(draft(small), facts({ settings: tenths, newest: full })).to).toEqual(small)
    const roomy = localSample({ cpuCoresUsed: 1.9, memoryUsedMb: 972 })
    expect(holdSmallChanges(draft(small), facts({ settings: tenths, newest: roomy })).to).toEqual(NOTHING)
  })

  test('lets pass what stands outside its limits, or those of a window', () => {
    const below = facts({ settings: settings({ min_ram_mb: 1_050 }) })
    expect(holdSmallChanges(draft({ memoryMb: 1_050 }), below).to.memoryMb).toBe(1_050)
    const above = facts({ settings: tenths, circumstances: has({ memoryMb: 2_100 }) })
    expect(holdSmallChanges(draft({ memoryMb: 2_048 }), above).to.memoryMb).toBe(2_048)
    const window = { ...Schedule.parse({ from: '00:00', to: '03:00', min_ram_mb: 1_050 }), name: 'backup' }
    const open = facts({ settings: { ...settings(), schedules: [window] } })
    expect(holdSmallChanges(draft({ memoryMb: 1_050 }), open).to.memoryMb).toBe(1_050)
  })

  test('one whole core is never too little', () => {
    const many = facts({ circumstances: has({ cores: 40 }) })
    expect(holdSmallChanges(draft({ cores: 39 }), many).to.cores).toBe(39)
  })
})

describe('keepSchedule', () => {
  const night = { ...Schedule.parse({ from: '22:00', to: '06:00', days: ['mon'], shrink: 'only_here' }), name: 'night' }
  const backup = {
    ...Schedule.parse({ from: '01:00', to: '03:00', min_cpu_cores: 4, min_ram_mb: 4_096 }),
    name: 'backup',
  }
  const at = (hour: number) => circumstances({ localTimeMs: MONDAY_MS + hour * HOUR_MS })
  const withSchedules = (hour: number, schedules: readonly NamedSchedule[]) =>
    facts({ settings: { ...settings(), schedules }, circumstances: at(hour) })

  test.each([
    [21.9, false],
    [22, true],
    [29.9, true],
    [30, false],
    [46, false],
  ])('a window over midnight at Monday 00:00 + %f h is open: %s', (hour, expected) => {
    expect(isOpen(night, MONDAY_MS + hour * HOUR_MS)).toBe(expected)
  })

  test('lets shrinking pass only inside the window', () => {
    expect(keepSchedule(draft(SMALLER), withSchedules(12, [night])).to).toEqual(NOTHING)
    expect(keepSchedule(draft(SMALLER), withSchedules(23, [night])).to).toEqual(SMALLER)
    expect(keepSchedule(draft(LARGER), withSchedules(12, [night])).to).toEqual(LARGER)
  })

  test('raises to the minimum of the window, and lets nothing go below it', () => {
    expect(keepSchedule(draft({}), withSchedules(2, [backup])).to).toEqual({ cores: 4, memoryMb: 4_096 })
    expect(keepSchedule(draft(SMALLER), withSchedules(2, [backup])).to).toEqual({ cores: 4, memoryMb: 4_096 })
    expect(keepSchedule(draft({}), withSchedules(4, [backup])).to).toEqual(NOTHING)
  })

  test('raises to no more than the maximum in force', () => {
    const small = { ...settings({ max_cpu_cores: 3, max_ram_mb: 2_048 }), schedules: [backup] }
    const window = facts({ settings: small, circumstances: at(2) })
    expect(keepSchedule(draft({}), window).to).toEqual({ cores: 3, memoryMb: 2_048 })
  })
})

describe('keepRawLimits', () => {
  test('leaves alone what a raw line settles, and names the line', () => {
    const pinned = circumstances({ rawCores: 'lxc.cgroup2.cpuset.cpus: 0-1' })
    const kept = keepRawLimits(draft(LARGER), facts({ circumstances: pinned }))
    expect(kept.to).toEqual({ cores: undefined, memoryMb: 2_048 })
    expect(kept.reasons[0]?.text).toBe('settled by the raw line "lxc.cgroup2.cpuset.cpus: 0-1"')
    const raw = circumstances({ rawMemory: 'lxc.cgroup2.memory.max: 1G' })
    expect(keepRawLimits(draft(LARGER), facts({ circumstances: raw })).to).toEqual({ cores: 4, memoryMb: undefined })
    expect(keepRawLimits(draft(LARGER), facts())).toEqual(draft(LARGER))
  })
})

describe('holdAfterRefusal', () => {
  const refused = (overrides: Partial<Refusal>): Refusal => ({
    resource: 'memory',
    direction: 'down',
    times: 1,
    atMs: MONDAY_MS,
    from: 1_024,
    ...overrides,
  })
  const later = (ms: number, overrides: Partial<Refusal> = {}) =>
    facts({ refusals: [refused(overrides)], circumstances: circumstances({ nowMs: MONDAY_MS + ms }) })

  test.each([
    { times: 1, hours: 1 },
    { times: 3, hours: 4 },
    { times: 9, hours: 24 },
  ])('after $times refusals waits for $hours h, with that resource and direction alone', ({ times, hours }) => {
    expect(holdAfterRefusal(draft(SMALLER), later(hours * HOUR_MS - 1, { times })).to).toEqual({ cores: 1 })
    expect(holdAfterRefusal(draft(SMALLER), later(hours * HOUR_MS, { times })).to).toEqual(SMALLER)
    expect(holdAfterRefusal(draft(LARGER), later(0, { times })).to).toEqual(LARGER)
  })

  test('growth out of need waits for minutes only', () => {
    const needy = draft(LARGER, { isMemoryUrgent: true })
    const grows = { direction: 'up' as const, times: 5 }
    expect(holdAfterRefusal(needy, later(60_000, grows)).to).toEqual({ cores: 4 })
    expect(holdAfterRefusal(needy, later(300_000, grows)).to).toEqual(LARGER)
    expect(holdAfterRefusal(draft(LARGER), later(300_000, grows)).to).toEqual({ cores: 4 })
  })
})

describe('waitForEffect', () => {
  const lagging = localSample({ allocation: { cores: 1, memoryMb: 1_024 } })

  test('does not grow cores again before the last change is in force', () => {
    const waiting = facts({ newest: lagging, lastChangeMs: MONDAY_MS - 5_000 })
    const urgent = draft(LARGER, { isCoresUrgent: true })
    expect(waitForEffect(urgent, waiting).to).toEqual({ cores: undefined, memoryMb: 2_048 })
  })

  test('waits no longer than the host may take', () => {
    expect(waitForEffect(draft(LARGER), facts({ newest: lagging, lastChangeMs: MONDAY_MS - 31_000 })).to).toEqual(
      LARGER,
    )
  })

  test('holds nothing once the kernel gives what is configured', () => {
    expect(waitForEffect(draft(LARGER), facts({ lastChangeMs: MONDAY_MS - 5_000 })).to).toEqual(LARGER)
  })
})
