import type { Clock, CycleOutcome, ErrorCode, Logger } from '@lxc-autoscale/core'
import type { FleetHistory } from '@lxc-autoscale/host'
import type { AnomalyModel } from '../anomaly/anomaly-model.ts'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { Freshness } from '../history/staleness.ts'
import type { MetricsSource, StateStore, StatusBoard } from '../ports.ts'
import type { ModelTelemetry, Stage } from '../telemetry.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { Fleet } from './fleet.ts'
import type { SteadyTime } from './steady-time.ts'

/** What a cycle works with. */
export interface CycleParts {
  readonly source: MetricsSource
  readonly history: FleetHistory
  readonly anomalies: AnomalyModel
  readonly fleet: Fleet
  readonly state: StateStore
  readonly board: StatusBoard
  readonly trail: AuditTrail
  readonly telemetry: ModelTelemetry
  readonly clock: Clock
  readonly time: SteadyTime
  readonly log: Logger
  /** Sixteen hexadecimal digits that differ from those of every earlier process, so that idempotency keys do. */
  readonly runName: string
  readonly pid: number
}

/** How a cycle went. */
export interface CycleReport {
  readonly outcome: CycleOutcome
  /** What was in the way; empty when nothing was. */
  readonly text: string
  /** The kind of failure that was in the way; undefined when it was none. */
  readonly code?: ErrorCode | undefined
  readonly outcomes: readonly ApplyOutcome[]
  /** Why it is not known what was changed since the cycle before; undefined when it is, or nobody looked. */
  readonly historyProblem?: string | undefined
  /** Why it is not known what is paused, so that everything is left alone; undefined when it is, or nobody looked. */
  readonly pausesProblem?: string | undefined
}

/** Of the configuration: what is told of a cycle besides how it went. */
export interface CycleFacts {
  readonly apiUrl: string
  readonly metricsFile: string
  readonly intervalMs: number
  readonly isDryRun: boolean
}

/** A cycle that is over, with all that is told about it. */
export interface FinishedCycle extends CycleReport {
  /** Number since the start. */
  readonly number: number
  readonly seconds: number
  readonly stages: readonly [Stage, number][]
  readonly freshness: Freshness
  readonly api: ScalingClient
  readonly settings: CycleFacts
  /** Why what was learned could not be saved last; undefined when it could. */
  readonly saveProblem: string | undefined
}
