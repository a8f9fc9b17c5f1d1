import { type ContainerSample, MS_PER_SECOND, VERSION } from '@lxc-autoscale/core'
import type { HostSize } from '@lxc-autoscale/host'
import type { ModelCounts } from '../anomaly/anomaly-model.ts'
import type { AnomalyVerdict } from '../anomaly/anomaly-verdict.ts'
import type { BreakerState } from '../client/circuit-breaker.ts'
import type { Freshness } from '../history/staleness.ts'
import type { Allocation, Decision, Verdict } from '../policy/decision.ts'
import type {
  ChangeStatus,
  ContainerStatus,
  DecisionStatus,
  ModelStatus,
  VerdictStatus,
} from '../status/model-status.ts'
import type { CycleOutcome, Stage } from '../telemetry.ts'
import type { LastChange, TrackedContainer } from './fleet.ts'

export interface ContainerView {
  readonly container: TrackedContainer
  readonly allocation: Allocation | undefined
  readonly verdict: AnomalyVerdict | undefined
  readonly breaker: BreakerState
}

/** One container for the status file. */
export function containerStatus({ container, allocation, verdict, breaker }: ContainerView): ContainerStatus {
  const { vmid, identity, sizer, newest, decision, problem, lastChange } = container
  return {
    vmid,
    name: identity.name ?? null,
    tags: [...identity.tags],
    mode: sizer.settings.scaling.mode,
    allocation: allocation === undefined ? null : size(allocation),
    problem: problem ?? null,
    newest: newest === undefined ? null : newestStatus(newest),
    decision: decision === undefined ? null : decisionStatus(decision),
    policy: decision === undefined ? null : sizer.explain(),
    last_change: lastChange === undefined ? null : changeStatus(lastChange),
    verdict: verdict === undefined ? null : verdictStatus(verdict, container.verdict),
    breaker,
  }
}

export interface ModelView {
  readonly nowMs: number
  readonly pid: number
  readonly isDryRun: boolean
  /** Number of the cycle since the start. */
  readonly number: number
  readonly outcome: CycleOutcome
  readonly text: string
  readonly seconds: number
  readonly stages: readonly [Stage, number][]
  readonly freshness: Freshness
  readonly newestMs: number | undefined
  readonly intervalMs: number | undefined
  readonly host: HostSize
  readonly api: ModelStatus['api']
  readonly counts: ModelCounts
  readonly containers: ContainerStatus[]
}

/** The whole status file. */
export function modelStatus(view: ModelView): ModelStatus {
  const { host, counts, freshness } = view
  return {
    version: 1,
    updated_at: isoTime(view.nowMs),
    pid: view.pid,
    model_version: VERSION,
    dry_run: view.isDryRun,
    cycle: {
      number: view.number,
      outcome: view.outcome,
      text: view.text,
      seconds: view.seconds,
      stages: Object.fromEntries(view.stages),
    },
    metrics: {
      newest: view.newestMs === undefined ? null : isoTime(view.newestMs),
      age_seconds: secondsOrNull(freshness.ageMs),
      interval_seconds: secondsOrNull(view.intervalMs),
      is_stale: freshness.isStale,
    },
    host: {
      cores: host.cores ?? null,
      memory_mb: host.memoryMb ?? null,
      memory_available_mb: host.memoryAvailableMb ?? null,
    },
    api: view.api,
    forests: {
      containers: counts.containers,
      with_own_forests: counts.withOwnForests,
      forests: counts.forests,
      alarms: counts.alarms,
    },
    containers: view.containers,
  }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function secondsOrNull(durationMs: number | undefined): number | null {
  return durationMs === undefined ? null : durationMs / MS_PER_SECOND
}

function size({ cores, memoryMb }: Allocation): { cores: number | null; memory_mb: number | null } {
  return { cores: cores ?? null, memory_mb: memoryMb ?? null }
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

function decisionStatus(decision: Decision): DecisionStatus {
  return {
    time: isoTime(decision.timeMs),
    policy: decision.policy,
    from: size(decision.from),
    to: size(decision.to),
    wanted: size(decision.wanted),
    cores: decision.cores,
    memory: decision.memory,
    is_in_need: decision.isInNeed,
    is_to_be_applied: decision.isToBeApplied,
    reasons: decision.reasons.map(({ rule, text }) => ({ rule, text })),
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
    threshold: verdict.threshold ?? null,
    source: verdict.source,
    features: verdict.topFeatures.map(({ name, share }) => ({ name, share })),
    why: actedOn?.why ?? '',
  }
}
