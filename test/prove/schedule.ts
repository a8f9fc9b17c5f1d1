import type { ContainerSpec } from '@lxc-autoscale/simulator'
import { type PlannedRequest, planRequests } from './client-plan.ts'
import { FAULTS } from './faults/index.ts'
import { Seeded } from './seeded.ts'

/** Figures of a round that the checks compare with. */
export interface RoundSettings {
  readonly policy: 'threshold' | 'adaptive'
  readonly isDryRun: boolean
  readonly hostCores: number
  readonly hostMemoryMb: number
  /** Of the model, and of the API. */
  readonly model: Bounds
  readonly api: Bounds
  readonly maxChangesPerHour: number
  readonly truceMs: number
  readonly shrinkCooldownMs: number
  readonly maxMetricsAgeMs: number
  readonly intervalMs: number
  readonly saveIntervalMinutes: number
  readonly maxAuditMb: number
  readonly logMaxBytes: number
  readonly logBackups: number
  readonly pctDelayMs: number
  readonly loadSpeed: number
  readonly hasFakeClock: boolean
}

export interface Bounds {
  readonly minCores: number
  readonly maxCores: number
  readonly minMemoryMb: number
  readonly maxMemoryMb: number
}

export type Parameters = Readonly<Record<string, string | number | boolean>>

export interface ScheduledFault {
  readonly fault: string
  readonly atMs: number
  readonly forMs: number
  readonly on: Parameters
}

/** A whole round, before it is carried out: nothing but the seed decides about it. */
export interface RoundPlan {
  readonly seed: number
  readonly round: number
  readonly durationMs: number
  readonly settings: RoundSettings
  readonly containers: readonly ContainerSpec[]
  readonly faults: readonly ScheduledFault[]
  readonly requests: readonly PlannedRequest[]
}

export interface PlanOptions {
  readonly seed: number
  readonly round: number
  readonly durationMs: number
  /** Undefined: few, and now and then many. */
  readonly containerCount: number | undefined
  /** Names of the faults that may be chosen. */
  readonly faults: readonly string[]
}

/** What a fault may choose from. */
export interface World {
  readonly vmids: readonly number[]
  readonly memoryMb: number
}

const SHAPES = ['steady', 'idle', 'ramp', 'jvm-sawtooth', 'flash-crowd', 'memory-leak'] as const
const FIRST_FAULT_MS = 2_000
/** Longest times between two faults: where little goes wrong, more is done that can go wrong. */
const PACES_MS = [1_500, 3_000, 6_000]
const FOCUSED_PACE_MS = 8_000
/** Longer than any fault goes on after the round's time: it is ended then. */
const LONGEST_FAULT_MS = 16_000

/** Pure: the same options give the same plan. */
export function planRound(options: PlanOptions): RoundPlan {
  const { seed, round, durationMs } = options
  const random = new Seeded(seed).branch(round)
  const containers = planContainers(random, options.containerCount)
  const world = { vmids: containers.map(({ vmid }) => vmid), memoryMb: HOST_MEMORY_MB }
  const faults = planFaults(random.branch(1), options, world)
  const hasFakeClock = faults.some(({ fault }) => fault === 'clock')
  return {
    seed,
    round,
    durationMs,
    settings: planSettings(random.branch(2), hasFakeClock),
    containers,
    faults,
    requests: planRequests(random.branch(3), world.vmids, durationMs),
  }
}

const HOST_MEMORY_MB = 32_768

function planSettings(random: Seeded, hasFakeClock: boolean): RoundSettings {
  return {
    policy: random.isLucky(0.7) ? 'threshold' : 'adaptive',
    isDryRun: random.isLucky(0.1),
    hostCores: 8,
    hostMemoryMb: HOST_MEMORY_MB,
    model: { minCores: 1, maxCores: 6, minMemoryMb: 128, maxMemoryMb: 4_096 },
    api: { minCores: 1, maxCores: 8, minMemoryMb: 96, maxMemoryMb: 6_144 },
    maxChangesPerHour: random.pick([4, 6, 8]),
    truceMs: random.pick([10_800, 14_400]),
    shrinkCooldownMs: random.pick([2_000, 3_000]),
    maxMetricsAgeMs: 4_000,
    intervalMs: 1_000,
    saveIntervalMinutes: random.pick([0.05, 10]),
    maxAuditMb: random.pick([0.004, 0.02, 10]),
    logMaxBytes: 20_000,
    logBackups: 2,
    pctDelayMs: random.pick([0, 0, 250, 700]),
    loadSpeed: random.pick([10, 20]),
    hasFakeClock,
  }
}

function planContainers(random: Seeded, count: number | undefined): readonly ContainerSpec[] {
  const usual = random.isLucky(0.1) ? random.integer(20, 40) : random.integer(3, 6)
  return Array.from({ length: count ?? usual }, (_, at) => {
    const shape = random.pick(SHAPES)
    const memoryMb = random.pick([512, 1_024, 1_536, 2_048])
    return {
      vmid: 101 + at,
      shape,
      cores: random.integer(1, 4),
      memoryMb,
      load: { periodSeconds: random.integer(300, 900), phaseSeconds: random.integer(0, 300) },
      ...(random.isLucky(0.15) ? { innerLimit: { memoryMb: 64, killEverySeconds: 240 } } : {}),
    }
  })
}

function planFaults(
  random: Seeded,
  { durationMs, faults: names }: PlanOptions,
  world: World,
): readonly ScheduledFault[] {
  const allowed = FAULTS.filter(({ name }) => names.includes(name))
  if (allowed.length === 0) return []
  // Half of the rounds are of a few kinds, seldom: what needs the same thing several times is not hidden by the rest.
  const isFocused = random.isLucky(0.5)
  const chosen = isFocused ? Array.from({ length: random.integer(1, 3) }, () => random.pick(allowed)) : allowed
  const planned: ScheduledFault[] = []
  const paceMs = isFocused ? FOCUSED_PACE_MS : random.pick(PACES_MS)
  let atMs = FIRST_FAULT_MS
  while (atMs < durationMs) {
    const fault = random.pick(chosen)
    const { forMs, on } = fault.plan(random, world)
    const next = { fault: fault.name, atMs: Math.round(atMs), forMs: Math.min(forMs, LONGEST_FAULT_MS), on }
    if (!planned.some(other => isInTheWay(other, next))) planned.push(next)
    atMs += random.integer(Math.round(paceMs / 10), paceMs)
  }
  return planned
}

/** Two faults of one thing at the same time would undo each other. */
function isInTheWay(a: ScheduledFault, b: ScheduledFault): boolean {
  const gapMs = 300
  const isApart = a.atMs + a.forMs + gapMs < b.atMs || b.atMs + b.forMs + gapMs < a.atMs
  if (isApart) return false
  const of = resourcesOf(a)
  return resourcesOf(b).some(resource => of.includes(resource))
}

function resourcesOf({ fault, on }: ScheduledFault): readonly string[] {
  return FAULTS.find(({ name }) => name === fault)?.resources(on) ?? []
}
