import {
  AutoscaleError,
  errorMessage,
  type MetricsCycle,
  MS_PER_SECOND,
  openPauses,
  systemErrorCode,
} from '@lxc-autoscale/core'
import type { FetchedConfigs } from './client/read-replies.ts'
import type { ScalingClient } from './client/scaling-client.ts'
import { ChangeSender } from './cycle/change-sender.ts'
import type { CycleParts, CycleReport } from './cycle/cycle-parts.ts'
import { CycleReporter } from './cycle/cycle-reporter.ts'
import { Decider } from './cycle/decider.ts'
import { StageTimes } from './cycle/stage-times.ts'
import { plausibleHost } from './history/implausible.ts'
import type { NewSample } from './history/new-sample.ts'
import { type Freshness, staleness } from './history/staleness.ts'
import { type CycleOutcome, VERDICT_SOURCES } from './telemetry.ts'

/** What a new configuration may replace while the model runs. */
export interface CycleSettings {
  readonly api: ScalingClient
  readonly apiUrl: string
  readonly isDryRun: boolean
  /** Age above which data are stale; undefined = some usual intervals of the monitor. */
  readonly maxDataAgeMs: number | undefined
  /** A container not seen for this long is forgotten. */
  readonly windowMs: number
  readonly saveIntervalMs: number
}

/** One cycle after the other: follow the history, judge, learn, fetch what is allocated, decide, share the host, apply, save. */
export class ModelCycle {
  readonly #parts: CycleParts
  readonly #decider: Decider
  readonly #sender: ChangeSender
  readonly #reporter: CycleReporter
  #settings: CycleSettings
  #number = 0
  #lastSaveMs: number
  #freshness: Freshness

  constructor(parts: CycleParts, settings: CycleSettings) {
    this.#parts = parts
    this.#settings = settings
    this.#decider = new Decider(parts)
    this.#sender = new ChangeSender(parts)
    this.#reporter = new CycleReporter(parts)
    this.#lastSaveMs = parts.clock.monotonicMs()
    this.#freshness = this.#judgeFreshness()
  }

  /** Takes effect from the next cycle on. */
  configure(settings: CycleSettings): void {
    this.#settings = settings
  }

  async run(signal: AbortSignal): Promise<CycleReport> {
    const { clock } = this.#parts
    const startMs = clock.monotonicMs()
    const stages = new StageTimes(clock)
    this.#number += 1
    const report = await this.#steps(stages, signal)
    if (clock.monotonicMs() - this.#lastSaveMs >= this.#settings.saveIntervalMs) {
      await stages.timeAsync('save', () => this.save())
    }
    const seconds = (clock.monotonicMs() - startMs) / MS_PER_SECOND
    const { api, apiUrl, isDryRun } = this.#settings
    const freshness = this.#freshness
    const about = { number: this.#number, seconds, stages: stages.seconds(), freshness, api, apiUrl, isDryRun }
    await this.#reporter.report({ ...report, ...about })
    return report
  }

  /** Writes down what was learned, so that a restart does not forget. A full disk is said and does not end the daemon. */
  async save(): Promise<void> {
    const { fleet, anomalies, state, pending, telemetry, clock, log } = this.#parts
    this.#lastSaveMs = clock.monotonicMs()
    try {
      telemetry.savedBytes.set(await state.save(fleet.states(), anomalies.serialise()))
      pending.stateSaved()
      await state.savePending(pending)
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      log.warn({ problem: errorMessage(error) }, 'cannot save what was learned')
    }
  }

  async #steps(stages: StageTimes, signal: AbortSignal): Promise<CycleReport> {
    const unreadable = await stages.timeAsync('follow', () => this.#follow(stages))
    stages.exclude('follow', ['anomaly', 'learn'])
    if (unreadable !== undefined) return this.#nothing('unreadable', unreadable)
    stages.time('refit', () => this.#refit())
    this.#freshness = this.#judgeFreshness()
    if (this.#freshness.isStale) return this.#nothing('stale', this.#freshness.text)
    const fetched = await stages.timeAsync('fetch', () => this.#fetch(signal))
    if (fetched instanceof AutoscaleError) return this.#nothing('no-allocations', fetched.message)
    await this.#sender.settle(fetched.configs)
    const pauses = openPauses(await this.#parts.state.loadPauses(), this.#parts.clock.nowMs())
    const toDecide = { ...fetched, maxDataAgeMs: this.#freshness.maxAgeMs, pauses }
    const toSend = stages.time('decide', () => this.#decider.decide(toDecide))
    const outcomes = await stages.timeAsync('apply', () => this.#sender.send(this.#settings.api, toSend, signal))
    return { outcome: 'decided', text: '', outcomes }
  }

  /** Learns what is new in the metrics file; gives what is wrong when it cannot be read. */
  async #follow(stages: StageTimes): Promise<string | undefined> {
    const { source, telemetry } = this.#parts
    try {
      const { badLines } = await source.follow(cycle => this.#learn(cycle, stages))
      telemetry.badLines.inc(badLines)
      return undefined
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      telemetry.failed(error.code)
      return error.message
    }
  }

  #learn(cycle: MetricsCycle, stages: StageTimes): void {
    const { history, anomalies, fleet, telemetry, clock } = this.#parts
    const nowMs = clock.nowMs()
    telemetry.samples.inc(cycle.containers.size)
    if (cycle.summary !== undefined) fleet.setHost(plausibleHost(cycle.summary))
    for (const vmid of cycle.containers.keys()) fleet.meet(vmid)
    const samples = history.add(cycle, nowMs, (vmid, problem) => this.#refuse(vmid, problem))
    stages.time('anomaly', () => anomalies.observe(samples, nowMs))
    this.#countVerdicts(samples)
    telemetry.countKills(samples)
    stages.time('learn', () => {
      for (const each of samples) fleet.observe(each)
    })
  }

  /** A sample that cannot be true is counted and learned by nobody; the first of each container is shown as an example. */
  #refuse(vmid: number, problem: string): void {
    const { fleet, telemetry, log } = this.#parts
    const container = fleet.meet(vmid)
    telemetry.implausible.inc()
    if (!container.hasExample) log.warn({ vmid, problem }, 'a sample that cannot be true is not learned')
    container.hasExample = true
    container.implausible = problem
  }

  #countVerdicts(samples: readonly NewSample[]): void {
    const { anomalies, telemetry } = this.#parts
    const verdicts = samples.flatMap(({ vmid }) => anomalies.verdict(vmid) ?? [])
    for (const source of VERDICT_SOURCES) {
      telemetry.predictions.inc({ source }, verdicts.filter(verdict => verdict.source === source).length)
    }
    telemetry.anomalies.inc(verdicts.filter(({ isAnomalous }) => isAnomalous).length)
  }

  #refit(): void {
    const { history, anomalies, fleet, pending } = this.#parts
    anomalies.refitDue()
    const gone = history.forgetVanished(this.#settings.windowMs)
    if (gone.length === 0) return
    anomalies.forget(gone)
    fleet.forget(gone)
    this.#settings.api.forget(gone)
    for (const vmid of gone) pending.drop(vmid)
  }

  #judgeFreshness(): Freshness {
    const { history, clock } = this.#parts
    const { newestMs, intervalMs } = history
    return staleness({ newestMs, nowMs: clock.nowMs(), maxAgeMs: this.#settings.maxDataAgeMs, intervalMs })
  }

  async #fetch(signal: AbortSignal): Promise<FetchedConfigs | AutoscaleError> {
    try {
      return await this.#settings.api.fetchConfigs(signal)
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      this.#parts.telemetry.failed(error.code)
      return error
    }
  }

  /** Nothing is decided in this cycle; every container says why. */
  #nothing(outcome: CycleOutcome, text: string): CycleReport {
    for (const container of this.#parts.fleet.containers()) container.problem = text
    return { outcome, text, outcomes: [] }
  }
}
