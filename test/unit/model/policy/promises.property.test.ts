import { ContainerSizer, type Decision, isChange } from '@lxc-autoscale/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Allocation, LocalSample } from '../../../../packages/model/src/policy/decision.ts'
import type { Policy, Target } from '../../../../packages/model/src/policy/policy.ts'
import { RULES } from '../../../../packages/model/src/policy/rules/index.ts'
import { Schedule, Tier } from '../../../../packages/model/src/policy/settings.ts'
import {
  circumstances,
  draft,
  type Figures,
  facts,
  localSample,
  MONDAY_MS,
  settings,
} from '../../../builders/sizing.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const MOST_CHANGES = 6
const SETTINGS = settings({
  min_cpu_cores: 1,
  max_cpu_cores: 8,
  min_ram_mb: 256,
  max_ram_mb: 8_192,
  max_changes_per_hour: MOST_CHANGES,
  learning_hours: 0,
  memory_shrink_step_percent: 40,
})

/** One minute of a container's life, and what a policy that means harm wants in it. */
interface Minute {
  readonly wish: Target
  readonly sample: Partial<Figures> | undefined
  readonly sampleAgeMs: number
  readonly elapsedMs: number
  readonly lock: string
  readonly isAbnormal: boolean
  /** What the API allows at that moment. */
  readonly leastMemoryMb: number | undefined
  /** What a person sets in this minute. */
  readonly manual: Partial<Allocation> | undefined
  readonly isRefused: boolean
}

const anything = fc.oneof(
  fc.constant(undefined),
  fc.double({ min: -100, max: 20_000, noNaN: true }),
  fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-9, 1e12),
)
const size = (max: number) => fc.oneof(fc.constant(undefined), fc.double({ min: 0, max, noNaN: true }), anything)
const wishes: fc.Arbitrary<Target> = fc.record({
  cores: fc.oneof(anything, fc.double({ min: 0.1, max: 12, noNaN: true })),
  memoryMb: fc.oneof(anything, fc.double({ min: 16, max: 12_000, noNaN: true })),
  isCoresUrgent: fc.boolean(),
  isMemoryUrgent: fc.boolean(),
})
const samples: fc.Arbitrary<Partial<Figures> | undefined> = fc.option(
  fc.record({
    cpuCoresUsed: size(8),
    cpuThrottledPercent: size(100),
    memoryUsedMb: size(4_000),
    memoryFloorMb: size(3_000),
    memoryPressurePercent: fc.oneof(fc.constant(0), size(100)),
    memoryHighEvents: fc.oneof(fc.constant(0), size(5)),
    oomKills: fc.oneof({ arbitrary: fc.constant(0), weight: 9 }, { arbitrary: size(2), weight: 1 }),
  }),
  { nil: undefined },
)
const lives = fc.array(
  fc.record<Minute>({
    wish: wishes,
    sample: samples,
    sampleAgeMs: fc.oneof(fc.constant(0), fc.constantFrom(20_000, 120_000, -120_000)),
    elapsedMs: fc.oneof(
      { arbitrary: fc.constant(MINUTE_MS), weight: 12 },
      { arbitrary: fc.constantFrom(1_000, 10 * MINUTE_MS, 2 * HOUR_MS, 13 * HOUR_MS), weight: 2 },
    ),
    lock: fc.constantFrom('', '', '', '', 'backup'),
    isAbnormal: fc.boolean(),
    leastMemoryMb: fc.option(fc.integer({ min: 64, max: 3_000 }), { nil: undefined, freq: 12 }),
    manual: fc.option(
      fc.record({ cores: fc.integer({ min: 1, max: 8 }), memoryMb: fc.integer({ min: 300, max: 8_000 }) }),
      {
        nil: undefined,
        freq: 12,
      },
    ),
    isRefused: fc.boolean(),
  }),
  { minLength: 30, maxLength: 120 },
)

/** A decision, and what was known when it was made. */
interface Made {
  readonly nowMs: number
  readonly decision: Decision
  readonly newest: LocalSample | undefined
  readonly minute: Minute
  readonly lastManualMs: number | undefined
}

function live(minutes: readonly Minute[], wanted = SETTINGS): Made[] {
  let minute: Minute | undefined
  const hostile: Policy = {
    name: 'adaptive',
    create: () => ({
      goesOn: true,
      observe() {},
      decide: () =>
        minute?.wish ?? { cores: undefined, memoryMb: undefined, isCoresUrgent: false, isMemoryUrgent: false },
      explain: () => ({ cores: 'harm', memory: 'harm' }),
      serialise: () => undefined,
    }),
  }
  const sizer = new ContainerSizer({ vmid: 101, settings: wanted, policies: { adaptive: hostile, threshold: hostile } })
  let allocation: Allocation = { cores: 2, memoryMb: 2_048 }
  let nowMs = MONDAY_MS
  let newest: LocalSample | undefined
  let lastManualMs: number | undefined
  // what the container has when it is seen first is nobody's change
  sizer.decide(circumstances({ nowMs, allocation }))
  return minutes.map(each => {
    minute = each
    nowMs += each.elapsedMs
    if (each.sample !== undefined) {
      newest = localSample({ ...each.sample, allocation, timeMs: nowMs - each.sampleAgeMs })
      sizer.observe(newest)
    }
    const before = allocation
    allocation = { ...allocation, ...each.manual }
    if (before.cores !== allocation.cores || before.memoryMb !== allocation.memoryMb) lastManualMs = nowMs
    const verdict = { isAbnormal: each.isAbnormal, confidence: 90, why: 'strange' }
    const decision = sizer.decide(
      circumstances({ nowMs, allocation, lock: each.lock, verdict, leastMemoryMb: each.leastMemoryMb }),
    )
    const made = { nowMs, decision, newest, minute: each, lastManualMs }
    if (isChange(decision) && each.isRefused) sizer.failed(nowMs)
    else if (isChange(decision)) {
      allocation = decision.to
      sizer.applied(allocation, nowMs)
    }
    return made
  })
}

/** Checks something of every decision of many random lives. */
function always(check: (made: Made, all: readonly Made[]) => void): void {
  fc.assert(
    fc.property(lives, minutes => {
      const all = live(minutes)
      for (const made of all) check(made, all)
    }),
    { numRuns: 150 },
  )
}

const isKnown = (value: number | undefined): value is number =>
  value !== undefined && value >= 0 && Number.isFinite(value)

describe('whatever a policy wants', () => {
  test('memory is never set below what the API allows, nor below what is used or cannot be given up (P1)', () => {
    always(({ decision, newest, minute }) => {
      if (decision.memory !== 'down') return
      const floor = isKnown(newest?.memoryFloorMb) ? newest.memoryFloorMb : 0
      const used = newest?.memoryUsageMb
      expect(isKnown(used)).toBe(true)
      expect(decision.to.memoryMb).toBeGreaterThanOrEqual(Math.max(floor, used ?? Number.NaN))
      expect(minute.leastMemoryMb).toBeDefined()
      expect(decision.to.memoryMb).toBeGreaterThanOrEqual(minute.leastMemoryMb ?? Number.NaN)
    })
  })

  test('nothing is done on missing, stale or future samples, and a resource whose use is not known stays (P2)', () => {
    always(({ decision, newest, nowMs }) => {
      if (newest === undefined || Math.abs(nowMs - newest.timestampMs) > 30_000) expect(isChange(decision)).toBe(false)
      if (!isKnown(newest?.cpuCoresUsed)) expect(decision.cores).toBe('keep')
      if (!isKnown(newest?.memoryUsageMb)) expect(decision.memory).toBe('keep')
    })
  })

  test('no hour has more changes than allowed (P3)', () => {
    always(({ nowMs }, all) => {
      const inHour = all.filter(
        made =>
          !made.minute.isRefused && isChange(made.decision) && made.nowMs > nowMs - HOUR_MS && made.nowMs <= nowMs,
      )
      expect(inHour.length).toBeLessThanOrEqual(MOST_CHANGES)
    })
  })

  test('memory shrinks in steps with a pause between them (P3)', () => {
    fc.assert(
      fc.property(lives, minutes => {
        const shrinks = live(minutes).filter(({ decision, minute }) => decision.memory === 'down' && !minute.isRefused)
        shrinks.forEach(({ decision, nowMs }, index) => {
          expect(decision.to.memoryMb).toBeGreaterThanOrEqual((decision.from.memoryMb ?? 0) * 0.6 - 1)
          const before = shrinks[index - 1]
          if (before !== undefined) expect(nowMs - before.nowMs).toBeGreaterThanOrEqual(300_000)
        })
      }),
      { numRuns: 150 },
    )
  })

  test('every size that is set is one that Proxmox takes, within minimum and maximum (P4)', () => {
    always(({ decision: { cores, memory, to } }) => {
      if (cores !== 'keep') {
        expect(Number.isInteger(to.cores)).toBe(true)
        expect(to.cores).toBeGreaterThanOrEqual(1)
        expect(to.cores).toBeLessThanOrEqual(8)
      }
      if (memory !== 'keep') {
        expect(Number.isInteger(to.memoryMb)).toBe(true)
        expect(to.memoryMb).toBeGreaterThanOrEqual(256)
        expect(to.memoryMb).toBeLessThanOrEqual(8_192)
      }
    })
  })

  test('after a change by a person the container is left alone for the truce (P6)', () => {
    always(({ decision, nowMs, lastManualMs }) => {
      if (lastManualMs !== undefined && nowMs < lastManualMs + 6 * HOUR_MS) expect(isChange(decision)).toBe(false)
    })
  })

  test('a locked container is not touched, and an abnormal one does not shrink', () => {
    always(({ decision, minute }) => {
      if (minute.lock !== '') expect(isChange(decision)).toBe(false)
      if (minute.isAbnormal) expect([decision.cores, decision.memory]).not.toContain('down')
    })
  })

  test('memory does not shrink for a day after an OOM kill', () => {
    always(({ decision, nowMs }, all) => {
      const killedMs = all
        .filter(made => made.nowMs <= nowMs && made.minute.sample !== undefined && isKill(made.minute.sample))
        .map(made => made.newest?.timestampMs ?? 0)
      if (killedMs.some(timeMs => nowMs < timeMs + 24 * HOUR_MS)) expect(decision.memory).not.toBe('down')
    })
  })

  test('every change says why', () => {
    always(({ decision }) => {
      if (isChange(decision)) expect(decision.reasons.length).toBeGreaterThan(0)
    })
  })
})

describe('whatever the limits are and wherever they come from (P4)', () => {
  const megabytes = fc.integer({ min: 64, max: 6_000 })
  const fewCores = fc.integer({ min: 1, max: 80 }).map(tenths => tenths / 10)
  const minimums = { min_cpu_cores: fewCores, min_ram_mb: megabytes }
  const limits = fc.record({ ...minimums, max_cpu_cores: fewCores, max_ram_mb: megabytes }, { requiredKeys: [] })
  const scalings = fc
    .record({
      limits,
      cpu_unit: fc.constantFrom('cores', 'cpulimit'),
      memory_step_mb: fc.constantFrom(1, 16, 100, 512),
      min_change_percent: fc.constantFrom(0, 5, 30),
    })
    .map(({ limits: own, ...keys }) => ({ ...keys, ...ordered(own) }))
  const cases = fc.record({
    scaling: scalings,
    tier: limits,
    window: fc.record(minimums, { requiredKeys: [] }),
    host: fc.record({
      cores: fc.integer({ min: 1, max: 8 }),
      memoryMb: fc.double({ min: 64, max: 6_000, noNaN: true }),
    }),
    allocation: fc.record({ cores: fewCores, memoryMb: megabytes }),
    wish: wishes,
    used: fc.double({ min: 0, max: 1, noNaN: true }),
    pressed: fc.record({ oomKills: fc.nat({ max: 1 }), memoryPressurePercent: fc.constantFrom(0, 5, 30) }),
    swapUsedMb: fc.nat({ max: 800 }),
  })

  test('nothing grows above the maximum in force, shrinks below the minimum, or moves because the minimum is the larger one', () => {
    fc.assert(
      fc.property(cases, ({ scaling, tier, window, host, allocation, wish, used, pressed, swapUsedMb }) => {
        const schedule = Schedule.parse({ from: '00:00', to: '00:00', ...window })
        const inForce = settings(
          { ...scaling, learning_hours: 0 },
          { tiers: { web: Tier.parse({ names: ['web'], ...tier }) }, schedules: { all: schedule }, host },
        )
        const newest = localSample({
          allocation,
          cpuCoresUsed: allocation.cores * used,
          memoryUsedMb: allocation.memoryMb * used,
          swapUsedMb,
          ...pressed,
        })
        const known = facts({
          settings: inForce,
          newest,
          circumstances: circumstances({ allocation, leastMemoryMb: 64 }),
        })
        const { to } = RULES.reduce((soFar, rule) => rule(soFar, known), draft(wish, wish))
        const maxMb = tier.max_ram_mb ?? scaling.max_ram_mb ?? host.memoryMb
        const maxCores = tier.max_cpu_cores ?? scaling.max_cpu_cores ?? host.cores
        const minMb = Math.min(maxMb, tier.min_ram_mb ?? scaling.min_ram_mb ?? 128)
        const minCores = Math.min(maxCores, tier.min_cpu_cores ?? scaling.min_cpu_cores ?? 1)
        const oneStep = scaling.cpu_unit === 'cores' ? 1 : 0.1
        if ((to.memoryMb ?? 0) > allocation.memoryMb) expect(to.memoryMb).toBeLessThanOrEqual(maxMb)
        if ((to.memoryMb ?? Infinity) < allocation.memoryMb)
          expect(to.memoryMb).toBeGreaterThanOrEqual(Math.floor(minMb))
        if ((to.cores ?? 0) > allocation.cores) expect(to.cores).toBeLessThanOrEqual(Math.max(oneStep, maxCores) + 1e-9)
        if ((to.cores ?? Infinity) < allocation.cores)
          expect(to.cores).toBeGreaterThanOrEqual(minCores - oneStep - 1e-9)
      }),
      { numRuns: 5_000 },
    )
  })
})

type OwnLimits = Pick<Tier, 'min_cpu_cores' | 'max_cpu_cores' | 'min_ram_mb' | 'max_ram_mb'>

/** The same with each pair the right way round, as one section must have it; what is left out has its default. */
function ordered({ min_cpu_cores = 1, max_cpu_cores = 8, min_ram_mb = 128, max_ram_mb = 6_000 }: OwnLimits): OwnLimits {
  return {
    min_cpu_cores: Math.min(min_cpu_cores, max_cpu_cores),
    max_cpu_cores: Math.max(min_cpu_cores, max_cpu_cores),
    min_ram_mb: Math.min(min_ram_mb, max_ram_mb),
    max_ram_mb: Math.max(min_ram_mb, max_ram_mb),
  }
}

function isKill({ oomKills }: Partial<Figures>): boolean {
  return oomKills !== undefined && oomKills > 0 && oomKills < Number.POSITIVE_INFINITY
}
