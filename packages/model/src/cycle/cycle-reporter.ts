import {
  type DecidingProblem,
  type DecidingVerdict,
  decidingVerdict,
  errorMessage,
  type ModelStatus,
  MS_PER_SECOND,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { modelStatus } from './build-status.ts'
import type { CycleParts, FinishedCycle } from './cycle-parts.ts'
import { SettingsTable } from './settings-table.ts'
import { StandingProblem } from './standing-problem.ts'

type Problems = DecidingVerdict['problems']

/** Tells the log, the metrics and the status file about each cycle. */
export class CycleReporter {
  readonly #parts: CycleParts
  readonly #settings = new SettingsTable()
  readonly #undecided: StandingProblem
  readonly #untold: StandingProblem
  readonly #unpaused: StandingProblem
  readonly #unsaved: StandingProblem
  readonly #unshown: StandingProblem

  constructor(parts: CycleParts) {
    this.#parts = parts
    const problem = (begins: string, ends: string) => new StandingProblem(parts.log, { begins, ends })
    this.#undecided = problem('nothing is decided until this is over', 'deciding again')
    this.#untold = problem(
      'the audit log cannot be read; nothing shrinks until it can be',
      'the audit log can be read again',
    )
    this.#unpaused = problem(
      'the pauses cannot be read; every container is left alone until they can be',
      'the pauses can be read again',
    )
    this.#unsaved = problem('cannot save what was learned', 'what was learned is saved again')
    this.#unshown = problem('cannot write the status file', 'the status file is written again')
  }

  async report(cycle: FinishedCycle): Promise<void> {
    const status = modelStatus(cycle, this.#parts, this.#settings)
    this.#count(cycle)
    this.#parts.telemetry.show(status)
    this.#log(cycle, this.#problems(status))
    await this.#show(status)
  }

  #count({ outcome, outcomes, seconds, stages, freshness, api, saveProblem }: FinishedCycle): void {
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
    telemetry.unsaved.set(saveProblem === undefined ? 0 : 1)
  }

  /** What the operator is told of this cycle, with the same mends. */
  #problems(status: ModelStatus): Problems {
    const { clock, pid } = this.#parts
    const nowMs = clock.nowMs()
    return decidingVerdict({ nowMs, model: { pid, sinceMs: nowMs }, statusFile: '', status, statusProblem: undefined })
      .problems
  }

  #log(
    { outcome, text, code, outcomes, seconds, historyProblem, pausesProblem, saveProblem }: FinishedCycle,
    problems: Problems,
  ): void {
    const { log, fleet } = this.#parts
    const mendOf = (wanted: DecidingProblem) => problems.find(problem => problem.code === wanted)?.mend
    this.#undecided.report(outcome === 'decided' ? undefined : (code ?? outcome), {
      problem: text,
      mend: problems[0]?.mend,
    })
    if (outcome === 'decided') {
      reportText(this.#untold, historyProblem, mendOf('audit_unreadable'))
      reportText(this.#unpaused, pausesProblem, mendOf('pauses_unreadable'))
    }
    reportText(this.#unsaved, saveProblem, mendOf('learned_unsaved'))
    const scaled = outcomes.filter(({ kind }) => kind === 'applied').length
    const facts = { outcome, containers: fleet.size, scaled, tried: outcomes.length, seconds: roundMs(seconds) }
    if (outcome === 'decided') log.info(facts, 'cycle')
    else log.debug({ ...facts, problem: text }, 'cycle')
  }

  async #show(status: ModelStatus): Promise<void> {
    try {
      await this.#parts.board.show(status)
      reportText(this.#unshown, undefined)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      reportText(this.#unshown, errorMessage(error))
    }
  }
}

/** Each is one problem, whatever it is called by the system. */
function reportText(standing: StandingProblem, problem: string | undefined, mend?: string): void {
  standing.report(problem === undefined ? undefined : 'it failed', mend === undefined ? { problem } : { problem, mend })
}

function roundMs(seconds: number): number {
  return Math.round(seconds * MS_PER_SECOND) / MS_PER_SECOND
}
