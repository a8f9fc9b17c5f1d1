import { containerSettings } from '@lxc-autoscale/model'
import type { ContainerSettings, SettingsInput } from '../../packages/model/src/policy/container-settings.ts'
import type { Allocation, Circumstances, Decision, LocalSample } from '../../packages/model/src/policy/decision.ts'
import type { Draft, RuleFacts } from '../../packages/model/src/policy/draft.ts'
import { ScalingSection } from '../../packages/model/src/policy/settings.ts'

/** 2026-01-05 was a Monday. */
export const MONDAY_MS = Date.UTC(2026, 0, 5)

/** Settings of a container from some keys of `scaling`; a host with 16 cores and 64 GB. */
export function settings(
  scaling: Readonly<Record<string, unknown>> = {},
  input: Partial<Omit<SettingsInput, 'scaling'>> = {},
): ContainerSettings {
  return containerSettings({
    vmid: 101,
    name: 'web',
    tags: [],
    tiers: {},
    schedules: {},
    ignoreLxc: [],
    host: { cores: 16, memoryMb: 65_536 },
    ...input,
    scaling: ScalingSection.parse(scaling),
  })
}

export const TWO_CORES_1_GB: Allocation = { cores: 2, memoryMb: 1_024 }

/** What a test may say of a sample, flat. */
export interface Figures {
  readonly timeMs: number
  readonly localTimeMs: number
  readonly allocation: Allocation
  readonly cpuCoresUsed: number | undefined
  readonly cpuThrottledPercent: number | undefined
  readonly cpuPressurePercent: number | undefined
  readonly memoryUsedMb: number | undefined
  readonly memoryFloorMb: number | undefined
  readonly swapUsedMb: number | undefined
  readonly memoryPressurePercent: number | undefined
  readonly memoryHighEvents: number | undefined
  readonly memoryMaxEvents: number | undefined
  readonly oomKills: number | undefined
  readonly innerMax: number | undefined
  readonly innerOomKills: number | undefined
}

/** A sample of a container that uses half of 2 cores and 300 of 1024 MB, of which it cannot give up 200. */
export function localSample(overrides: Partial<Figures> = {}): LocalSample {
  const timeMs = overrides.timeMs ?? MONDAY_MS
  const figures: Figures = {
    timeMs,
    localTimeMs: timeMs,
    allocation: TWO_CORES_1_GB,
    cpuCoresUsed: 1,
    cpuThrottledPercent: 0,
    cpuPressurePercent: 0,
    memoryUsedMb: 300,
    memoryFloorMb: Math.min(200, overrides.memoryUsedMb ?? 200),
    swapUsedMb: 0,
    memoryPressurePercent: 0,
    memoryHighEvents: 0,
    memoryMaxEvents: 0,
    oomKills: 0,
    innerMax: 0,
    innerOomKills: 0,
    ...overrides,
  }
  return {
    timestampMs: timeMs,
    localTimeMs: figures.localTimeMs,
    cpuCores: figures.allocation.cores,
    cpuCoresUsed: figures.cpuCoresUsed,
    cpuThrottledPercent: figures.cpuThrottledPercent,
    memoryLimitMb: figures.allocation.memoryMb,
    memoryUsageMb: figures.memoryUsedMb,
    memoryFloorMb: figures.memoryFloorMb,
    swapUsageMb: figures.swapUsedMb,
    pressure: {
      cpuSomePercent: figures.cpuPressurePercent,
      memorySomePercent: figures.memoryPressurePercent,
      memoryFullPercent: 0,
      ioSomePercent: 0,
      ioFullPercent: 0,
    },
    memoryEvents: {
      high: figures.memoryHighEvents,
      max: figures.memoryMaxEvents,
      oomKill: figures.oomKills,
      innerMax: figures.innerMax,
      innerOomKill: figures.innerOomKills,
    },
  }
}

/** A quiet, running container with 2 cores and 1 GB. */
export function circumstances(overrides: Partial<Circumstances> = {}): Circumstances {
  const nowMs = overrides.nowMs ?? MONDAY_MS
  return {
    nowMs,
    localTimeMs: nowMs,
    allocation: TWO_CORES_1_GB,
    maxDataAgeMs: 30_000,
    isRunning: true,
    lock: '',
    isMigrating: false,
    uptimeMs: 3_600_000,
    leastMemoryMb: 232,
    rawCores: undefined,
    rawMemory: undefined,
    verdict: undefined,
    implausible: undefined,
    ...overrides,
  }
}

/** Facts of a container that was watched for a week and never changed. */
export function facts(overrides: Partial<RuleFacts> = {}): RuleFacts {
  return {
    settings: settings(),
    circumstances: circumstances(),
    newest: localSample(),
    observedMs: 604_800_000,
    truceUntilMs: undefined,
    quarantineUntilMs: undefined,
    lastKillMs: undefined,
    lastInnerKillMs: undefined,
    refusals: [],
    lastChangeMs: undefined,
    lastGrowthMs: undefined,
    lastMemoryShrinkMs: undefined,
    lastFailureMs: undefined,
    recentChangesMs: [],
    ...overrides,
  }
}

/** A wish on its way through the rules. */
export function draft(to: Partial<Allocation>, overrides: Partial<Draft> = {}): Draft {
  return {
    to: { cores: undefined, memoryMb: undefined, ...to },
    asked: { cores: undefined, memoryMb: undefined, ...to },
    reasons: [],
    isCoresUrgent: false,
    isMemoryUrgent: false,
    ...overrides,
  }
}

/** What a decision that nothing has held says of that. */
export const UNHELD: Pick<Decision, 'askedBy' | 'heldBy' | 'heldUntilMs' | 'atMaximum' | 'limits'> = {
  askedBy: { cores: 'test', memory: 'test' },
  heldBy: { cores: undefined, memory: undefined },
  heldUntilMs: { cores: undefined, memory: undefined },
  atMaximum: { cores: false, memory: false },
  limits: { minCores: 1, maxCores: 16, minMemoryMb: 128, maxMemoryMb: 65_536 },
}
