import {
  type BreakerState,
  type ChangeStatus,
  type ContainerSample,
  type ContainerStatus,
  type DecisionStatus,
  type ModelStatus,
  MS_PER_SECOND,
  VERSION,
  type VerdictStatus,
} from '@lxc-autoscale/core'
import type { AnomalyVerdict } from '../anomaly/anomaly-verdict.ts'
import type { Allocation, Decision, Verdict } from '../policy/decision.ts'
import type { CycleParts, FinishedCycle } from './cycle-parts.ts'
import type { LastChange, TrackedContainer } from './fleet.ts'
import type { SettingsTable } from './settings-table.ts'

/** What the clock tells at a moment of steady time. */
type ClockOf = (steadyMs: number) => number

type Warning = ModelStatus['warnings'][number]

/** One container for the status file. */
function containerStatus(
  container: TrackedContainer,
  { fleet, anomalies }: CycleParts,
  {
    breaker,
    table,
    clockOf,
  }: { readonly breaker: BreakerState; readonly table: SettingsTable; readonly clockOf: ClockOf },
): ContainerStatus {
  const { vmid, identity, sizer, newest, decision, problem, pausedUntilMs, lastChange, configured } = container
  const verdict = anomalies.verdict(vmid)
  return {
    vmid,
    name: identity.name ?? null,
    tags: [...identity.tags],
    tier: sizer.settings.tier ?? null,
    settings: table.place(sizer.settings),
    mode: sizer.settings.scaling.mode,
    learning: sizer.isLearning,
    known: knownStatus(sizer),
    allocation: configured === undefined ? null : size(fleet.allocationOf(container, configured)),
    problem: problem ?? null,
    paused_until: pausedUntilMs === undefined ? null : untilText(pausedUntilMs),
    newest: newest === undefined ? null : newestStatus(newest),
    decision: decision === undefined ? null : decisionStatus(decision, clockOf),
    policy: decision === undefined ? null : sizer.explain(),
    last_change: lastChange === undefined ? null : changeStatus(lastChange),
    verdict: verdict === undefined ? null : verdictStatus(verdict, container.verdict),
    breaker,
    kills: [...container.kills],
  }
}

/** The whole status file. `table` may know settings of cycles before. */
export function modelStatus(cycle: FinishedCycle, parts: CycleParts, table: SettingsTable): ModelStatus {
  const { number, outcome, text, code, seconds, stages, freshness, api } = cycle
  const { historyProblem, pausesProblem, saveProblem } = cycle
  const { apiUrl, metricsFile, intervalMs, isDryRun } = cycle.settings
  const { fleet, history, anomalies, clock, time, pid } = parts
  const { host } = fleet
  const counts = anomalies.counts()
  const troubled = api.troubledContainers()
  table.clear()
  // The clock is asked once: it is the same for all.
  const nowMs = time.nowMs()
  const clockNowMs = time.toClock(nowMs)
  const clockOf: ClockOf = steadyMs => clockNowMs - (nowMs - steadyMs)
  const containers = [...fleet.containers()].map(container =>
    containerStatus(container, parts, { breaker: troubled.get(container.vmid) ?? 'closed', table, clockOf }),
  )
  return {
    version: 3,
    updated_at: isoTime(clock.nowMs()),
    pid,
    model_version: VERSION,
    dry_run: isDryRun,
    cycle: {
      number,
      outcome,
      text,
      code: code ?? null,
      interval_seconds: intervalMs / MS_PER_SECOND,
      seconds,
      stages: Object.fromEntries(stages),
    },
    metrics: {
      file: metricsFile,
      newest: history.newestMs === undefined ? null : isoTime(history.newestMs),
      age_seconds: secondsOrNull(freshness.ageMs),
      interval_seconds: secondsOrNull(history.intervalMs),
      is_stale: freshness.isStale,
    },
    host: {
      cores: host.cores ?? null,
      memory_mb: host.memoryMb ?? null,
      memory_available_mb: host.memoryAvailableMb ?? null,
    },
    api: { url: apiUrl, breaker: api.apiBreakerState },
    warnings: [
      ...warning('audit_unreadable', 'the audit log cannot be read, so nothing shrinks', historyProblem),
      ...warning('pauses_unreadable', 'the pauses cannot be read, so every container is left alone', pausesProblem),
      ...warning('learned_unsaved', 'what was learned cannot be saved', saveProblem),
    ],
    forests: {
      containers: counts.containers,
      with_own_forests: counts.withOwnForests,
      forests: counts.forests,
      alarms: counts.alarms,
    },
    settings: table.all(),
    containers,
  }
}

function warning(code: Warning['code'], words: string, problem: string | undefined): Warning[] {
  return problem === undefined ? [] : [{ code, text: `${words}: ${problem}` }]
}

function untilText(timeMs: number): string {
  return timeMs === Number.POSITIVE_INFINITY ? 'forever' : isoTime(timeMs)
}

function untilOrNull(steadyMs: number | undefined, clockOf: ClockOf): string | null {
  return steadyMs === undefined ? null : isoTime(clockOf(steadyMs))
}

const isoTimes = new Map<number, string>()
const MOST_TIMES = 100

/* Nearly all that is told of a cycle is of a few moments: that of the samples, that of the decisions, the ends of the pauses. */
function isoTime(timeMs: number): string {
  const known = isoTimes.get(timeMs)
  if (known !== undefined) return known
  const text = new Date(timeMs).toISOString()
  if (isoTimes.size >= MOST_TIMES) isoTimes.clear()
  isoTimes.set(timeMs, text)
  return text
}

function secondsOrNull(durationMs: number | undefined): number | null {
  return durationMs === undefined ? null : durationMs / MS_PER_SECOND
}

function size({ cores, memoryMb }: Allocation): { cores: number | null; memory_mb: number | null } {
  return { cores: cores ?? null, memory_mb: memoryMb ?? null }
}

function knownStatus({ known: { past, observedMs }, wantsPast }: TrackedContainer['sizer']): ContainerStatus['known'] {
  return {
    from_proxmox_seconds: secondsOrNull(past?.knownMs),
    own_seconds: observedMs / MS_PER_SECOND,
    is_past_awaited: wantsPast,
  }
}

function newestStatus(sample: ContainerSample): NonNullable<ContainerStatus['newest']> {
  return {
    time: isoTime(sample.timestampMs),
    cpu_cores_used: sample.cpuCoresUsed ?? null,
    cpu_usage_percent: sample.cpuUsagePercent ?? null,
    cpu_throttled_percent: sample.cpuThrottledPercent ?? null,
    memory_usage_mb: sample.memoryUsageMb ?? null,
    memory_floor_mb: sample.memoryFloorMb ?? null,
  }
}

function decisionStatus(decision: Decision, clockOf: ClockOf): DecisionStatus {
  return {
    time: isoTime(clockOf(decision.timeMs)),
    policy: decision.policy,
    from: size(decision.from),
    to: size(decision.to),
    wanted: size(decision.wanted),
    cores: decision.cores,
    memory: decision.memory,
    is_in_need: decision.isInNeed,
    is_to_be_applied: decision.isToBeApplied,
    reasons: decision.reasons.map(({ rule, text }) => ({ rule, text })),
    held_by: { cores: decision.heldBy.cores ?? null, memory: decision.heldBy.memory ?? null },
    held_until: {
      cores: untilOrNull(decision.heldUntilMs.cores, clockOf),
      memory: untilOrNull(decision.heldUntilMs.memory, clockOf),
    },
    at_maximum: { ...decision.atMaximum },
    limits: {
      min_cores: decision.limits.minCores,
      max_cores: decision.limits.maxCores ?? null,
      min_memory_mb: decision.limits.minMemoryMb,
      max_memory_mb: decision.limits.maxMemoryMb ?? null,
    },
  }
}

function changeStatus({ atMs, decision, outcome }: LastChange): ChangeStatus {
  return {
    time: isoTime(atMs),
    from: size(decision.from),
    to: size(decision.to),
    outcome: outcome.kind,
    code: outcome.code ?? null,
    text: outcome.text,
  }
}

function verdictStatus(verdict: AnomalyVerdict, actedOn: Verdict | undefined): VerdictStatus {
  return {
    is_anomalous: verdict.isAnomalous,
    is_acted_on: actedOn?.isAbnormal ?? false,
    confidence: verdict.confidence,
    score: verdict.score ?? null,
    threshold: verdict.alarmScore ?? null,
    source: verdict.source,
    features: verdict.topFeatures.map(({ name, share }) => ({ name, share })),
    why: actedOn?.why ?? '',
  }
}
