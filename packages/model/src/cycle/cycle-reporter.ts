import { errorMessage, MS_PER_SECOND, systemErrorCode } from '@lxc-autoscale/core'
import { modelStatus } from './build-status.ts'
import type { CycleParts, FinishedCycle } from './cycle-parts.ts'
import { StandingProblem } from './standing-problem.ts'

/** Tells the log, the metrics and the status file about each cycle. */
export class CycleReporter {
  readonly #parts: CycleParts
  readonly #problem: StandingProblem

  constructor(parts: CycleParts) {
    this.#parts = parts
    this.#problem = new StandingProblem(parts.log)
  }

  async report(cycle: FinishedCycle): Promise<void> {
    this.#count(cycle)
    this.#log(cycle)
    await this.#show(cycle)
  }

  #count({ outcome, outcomes, seconds, stages, freshness, api }: FinishedCycle): void {
    const { telemetry, anomalies, fleet, clock } = this.#parts
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
    const { log, fleet } = this.#parts
    this.#problem.report(outcome === 'decided' ? undefined : outcome, text)
    const scaled = outcomes.filter(({ kind }) => kind === 'applied').length
    const facts = { outcome, containers: fleet.size, scaled, tried: outcomes.length, seconds: roundMs(seconds) }
    if (outcome === 'decided') log.info(facts, 'cycle')
    else log.debug({ ...facts, problem: text }, 'cycle')
  }

  async #show(cycle: FinishedCycle): Promise<void> {
    const { board, log } = this.#parts
    try {
      await board.show(modelStatus(cycle, this.#parts))
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      log.warn({ problem: errorMessage(error) }, 'cannot write the status file')
    }
  }
}

function roundMs(seconds: number): number {
  return Math.round(seconds * MS_PER_SECOND) / MS_PER_SECOND
}
