import { type Clock, errorMessage, type Logger, MS_PER_SECOND, systemErrorCode } from '@lxc-autoscale/core'
import type { AnomalyModel } from '../anomaly/anomaly-model.ts'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { FleetHistory } from '../history/fleet-history.ts'
import type { Freshness } from '../history/staleness.ts'
import type { StatusBoard } from '../ports.ts'
import type { CycleOutcome, ModelTelemetry, Stage } from '../telemetry.ts'
import { allocationOf } from './allocation.ts'
import { containerStatus, modelStatus } from './build-status.ts'
import type { Fleet } from './fleet.ts'
import { StandingProblem } from './standing-problem.ts'

/** How a cycle went. */
export interface CycleReport {
  readonly outcome: CycleOutcome
  /** What was in the way; empty when nothing was. */
  readonly text: string
  readonly outcomes: readonly ApplyOutcome[]
}

/** A cycle that is over, with all that is told about it. */
export interface FinishedCycle extends CycleReport {
  /** Number since the start. */
  readonly number: number
  readonly seconds: number
  readonly stages: readonly [Stage, number][]
  readonly freshness: Freshness
  readonly api: ScalingClient
  readonly apiUrl: string
  readonly isDryRun: boolean
}

export interface CycleReporterOptions {
  readonly fleet: Fleet
  readonly anomalies: AnomalyModel
  readonly history: FleetHistory
  readonly board: StatusBoard
  readonly telemetry: ModelTelemetry
  readonly clock: Clock
  readonly log: Logger
  readonly pid: number
}

/** Tells the log, the metrics and the status file about each cycle. */
export class CycleReporter {
  readonly #options: CycleReporterOptions
  readonly #problem: StandingProblem

  constructor(options: CycleReporterOptions) {
    this.#options = options
    this.#problem = new StandingProblem(options.log)
  }

  async report(cycle: FinishedCycle): Promise<void> {
    this.#count(cycle)
    this.#log(cycle)
    await this.#show(cycle)
  }

  #count({ outcome, outcomes, seconds, stages, freshness, api }: FinishedCycle): void {
    const { telemetry, anomalies, fleet, clock } = this.#options
    telemetry.cycles.inc({ outcome })
    telemetry.cycleSeconds.observe(seconds)
    for (const [stage, taken] of stages) telemetry.stageSeconds.observe({ stage }, taken)
    for (const { kind, code } of outcomes) {
      telemetry.changes.inc({ outcome: kind })
      if (code !== undefined) telemetry.failed(code)
    }
    telemetry.showBreakers(api.apiBreakerState, api.troubledContainers(), fleet.size)
    telemetry.containers.set(fleet.size)
    telemetry.forests.set(anomalies.counts().forests)
    if (freshness.ageMs !== undefined) telemetry.dataAge.set(freshness.ageMs / MS_PER_SECOND)
    telemetry.lastCycle.set(clock.nowMs() / MS_PER_SECOND)
  }

  #log({ outcome, text, outcomes, seconds }: FinishedCycle): void {
    const { log, fleet } = this.#options
    this.#problem.report(outcome === 'decided' ? undefined : outcome, text)
    const scaled = outcomes.filter(({ kind }) => kind === 'applied').length
    const facts = { outcome, containers: fleet.size, scaled, tried: outcomes.length, seconds: roundMs(seconds) }
    if (outcome === 'decided') log.info(facts, 'cycle')
    else log.debug({ ...facts, problem: text }, 'cycle')
  }

  async #show(cycle: FinishedCycle): Promise<void> {
    const { board, anomalies, history, fleet, clock, log, pid } = this.#options
    const { api, apiUrl, ...rest } = cycle
    const troubled = api.troubledContainers()
    const containers = [...fleet.containers()].map(container => {
      const basis = { cpuUnit: container.sizer.settings.scaling.cpu_unit, hostCores: fleet.host.cores }
      return containerStatus({
        container,
        allocation: container.configured && allocationOf(container.configured, basis),
        verdict: anomalies.verdict(container.vmid),
        breaker: troubled.get(container.vmid) ?? 'closed',
      })
    })
    const status = modelStatus({
      ...rest,
      nowMs: clock.nowMs(),
      pid,
      newestMs: history.newestMs,
      intervalMs: history.intervalMs,
      host: fleet.host,
      api: { url: apiUrl, breaker: api.apiBreakerState },
      counts: anomalies.counts(),
      containers,
    })
    try {
      await board.show(status)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      log.warn({ problem: errorMessage(error) }, 'cannot write the status file')
    }
  }
}

function roundMs(seconds: number): number {
  return Math.round(seconds * MS_PER_SECOND) / MS_PER_SECOND
}
