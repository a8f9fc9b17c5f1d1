import { containerSettings } from '@lxc-autoscale/model'
import type { ContainerSettings, SettingsInput } from '../../packages/model/src/policy/container-settings.ts'
import type { Allocation, Circumstances, Observation } from '../../packages/model/src/policy/decision.ts'
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

/** A sample of a container that uses half of 2 cores and 300 of 1024 MB. */
export function observation(overrides: Partial<Observation> = {}): Observation {
  const timeMs = overrides.timeMs ?? MONDAY_MS
  return {
    timeMs,
    localTimeMs: timeMs,
    allocation: TWO_CORES_1_GB,
    cpuCoresUsed: 1,
    cpuThrottledPercent: 0,
    cpuPressurePercent: 0,
    memoryUsedMb: 300,
    memoryFloorMb: 200,
    swapUsedMb: 0,
    memoryPressurePercent: 0,
    memoryHighEvents: 0,
    memoryMaxEvents: 0,
    oomKills: 0,
    ...overrides,
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
    isHaQueued: false,
    uptimeMs: 3_600_000,
    verdict: undefined,
    ...overrides,
  }
}

/** Facts of a container that was watched for a week and never changed. */
export function facts(overrides: Partial<RuleFacts> = {}): RuleFacts {
  return {
    settings: settings(),
    circumstances: circumstances(),
    newest: observation(),
    observedMs: 604_800_000,
    truceUntilMs: undefined,
    quarantineUntilMs: undefined,
    lastChangeMs: undefined,
    lastGrowthMs: undefined,
    lastMemoryShrinkMs: undefined,
    recentChanges: 0,
    ...overrides,
  }
}

/** A wish on its way through the rules. */
export function draft(to: Partial<Allocation>, overrides: Partial<Draft> = {}): Draft {
  return {
    to: { cores: undefined, memoryMb: undefined, ...to },
    reasons: [],
    isCoresUrgent: false,
    isMemoryUrgent: false,
    ...overrides,
  }
}
