import {
  AutoscaleError,
  type CycleOutcome,
  errorMessage,
  type MetricsCycle,
  MS_PER_SECOND,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { type NewSample, plausibleHost } from '@lxc-autoscale/host'
import { failureBehind } from './client/circuit-breaker.ts'
import type { FetchedConfigs } from './client/read-replies.ts'
import type { ScalingClient } from './client/scaling-client.ts'
import { ChangeSender } from './cycle/change-sender.ts'
import type { CycleFacts, CycleParts, CycleReport } from './cycle/cycle-parts.ts'
import { CycleReporter } from './cycle/cycle-reporter.ts'
import { Decider } from './cycle/decider.ts'
import { OtherNodes } from './cycle/other-nodes.ts'
import { PastReader } from './cycle/past-reader.ts'
import { StageTimes } from './cycle/stage-times.ts'
import { type Freshness, staleness } from './history/staleness.ts'
import { VERDICT_SOURCES } from './telemetry.ts'

/** What is not read of the metrics file in this time is read in the next cycles. */
const LONGEST_FOLLOW_MS = 20_000

/** What a new configuration may replace while the model runs. */
export interface CycleSettings extends CycleFacts {
  readonly api: ScalingClient
  /** Age above which data are stale; undefined = some usual intervals of the monitor. */
  readonly maxDataAgeMs: number | undefined
  /** A container not seen for this long is forgotten. */
  readonly windowMs: number
  readonly saveIntervalMs: number
  /** The longest that anything waits for after a change; so far back the audit log is read at the start. */
  readonly longestWaitMs: number
}

/** One cycle after the other: follow the history, judge, learn, fetch what is allocated, decide, share the host, apply, save. */
export class ModelCycle {
  readonly #parts: CycleParts
  readonly #decider: Decider
  readonly #sender: ChangeSender
  readonly #otherNodes: OtherNodes
  readonly #reporter: CycleReporter
  readonly #pasts: PastReader
  #settings: CycleSettings
  #number = 0
  #lastSaveMs: number
  /** What there was that must not be lost when it was saved last. */
  #savedMomentous = 0
  #saveProblem: string | undefined
  #saving = Promise.resolve()
  #freshness: Freshness

  constructor(parts: CycleParts, settings: CycleSettings) {
    this.#parts = parts
    this.#settings = settings
    this.#decider = new Decider(parts)
    this.#sender = new ChangeSender(parts)
    this.#otherNodes = new OtherNodes(parts)
    this.#reporter = new CycleReporter(parts)
    this.#pasts = new PastReader(parts)
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
    // What is saved is of one moment.
    await stages.timeAsync('save', () => this.#saving)
    const report = await this.#steps(stages, signal)
    const seconds = (clock.monotonicMs() - startMs) / MS_PER_SECOND
    const settings = this.#settings
    const freshness = this.#freshness
    const about = { number: this.#number, seconds, stages: stages.seconds(), freshness, api: settings.api, settings }
    await this.#reporter.report({ ...report, ...about, saveProblem: this.#saveProblem })
    const isDue = clock.monotonicMs() - this.#lastSaveMs >= this.#settings.saveIntervalMs
    if (isDue || this.#parts.fleet.momentous > this.#savedMomentous) this.#beginSaving()
    return report
  }

  /** Saves in the pause until the next cycle, container by container: it takes longer than all else that a cycle does. */
  #beginSaving(): void {
    this.#saving = this.#save()
    // The next cycle fails by it.
    this.#saving.catch(() => undefined)
  }

  /** Writes down what was learned, so that a restart does not forget. A full disk is told by the next report and ends nothing. */
  async save(): Promise<void> {
    await this.#saving
    await this.#save()
  }

  async #save(): Promise<void> {
    const { source, fleet, anomalies, state, telemetry, clock, time } = this.#parts
    const { momentous } = fleet
    this.#lastSaveMs = clock.monotonicMs()
    try {
      const learned = {
        sizers: fleet.states(),
        forests: anomalies.serialise(),
        moment: time.moment(),
        place: source.earlierPlace,
      }
      telemetry.savedBytes.set(await state.save(learned))
      this.#savedMomentous = momentous
      this.#saveProblem = undefined
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      this.#saveProblem = errorMessage(error)
    }
  }

  async #steps(stages: StageTimes, signal: AbortSignal): Promise<CycleReport> {
    const unreadable = await stages.timeAsync('follow', () => this.#follow(stages, signal))
    stages.exclude('follow', ['anomaly', 'learn'])
    if (unreadable !== undefined) return nothing('unreadable', unreadable)
    stages.time('refit', () => this.#refit())
    this.#freshness = this.#judgeFreshness()
    if (this.#freshness.isStale) return nothing('stale', this.#freshness.text)
    // Before the allocations: what the log tells of them is then never newer than they are.
    const historyProblem = await stages.timeAsync('history', () => this.#readHistory(signal))
    const askedMs = this.#parts.time.nowMs()
    const fetched = await stages.timeAsync('fetch', () => this.#fetch(signal))
    if (fetched instanceof AutoscaleError) return nothing('no-allocations', fetched)
    const { api } = this.#settings
    this.#forget(await stages.timeAsync('fetch', () => this.#otherNodes.moved(api, fetched, signal)))
    const configs = [...fetched.configs.values()]
    this.#parts.fleet.order(configs)
    stages.time('past', () => this.#pasts.learn())
    const isHistoryKnown = historyProblem === undefined
    const toDecide = { ...fetched, askedMs, isHistoryKnown, maxDataAgeMs: this.#freshness.maxAgeMs }
    const { toSend, short } = stages.time('decide', () => this.#decider.decide(toDecide))
    const outcomes = await stages.timeAsync('apply', () => this.#sender.send(api, toSend, signal))
    await stages.timeAsync('fetch', () => this.#otherNodes.advise(api, short, signal))
    // Last, since it takes its time: nothing that is decided waits for it.
    await stages.timeAsync('past', () => this.#pasts.read(this.#settings, signal))
    const pausesProblem = configs.find(({ steering }) => steering.problem !== undefined)?.steering.problem
    return { outcome: 'decided', text: '', outcomes, historyProblem, pausesProblem }
  }

  /** Learns what is new in the metrics file; gives what is wrong when it cannot be read. */
  async #follow(stages: StageTimes, stop: AbortSignal): Promise<AutoscaleError | undefined> {
    const { source, telemetry } = this.#parts
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(LONGEST_FOLLOW_MS)])
      const { badLines } = await source.follow(cycle => this.#learn(cycle, stages), signal)
      telemetry.badLines.inc(badLines)
      return undefined
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      telemetry.failed(error.code)
      return error
    }
  }

  #learn(cycle: MetricsCycle, stages: StageTimes): void {
    const { history, anomalies, fleet, telemetry, clock } = this.#parts
    const nowMs = clock.nowMs()
    telemetry.samples.inc(cycle.containers.size)
    if (cycle.summary !== undefined) fleet.setHost(plausibleHost(cycle.summary))
    for (const vmid of cycle.containers.keys()) fleet.meet(vmid)
    const samples = history.add(cycle, nowMs, {
      refuse: (vmid, problem) => this.#refuse(vmid, problem),
      recall: each => anomalies.recall(each),
    })
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
    const judged = { container: 0, fleet: 0, none: 0 }
    let anomalous = 0
    for (const { vmid } of samples) {
      const verdict = anomalies.verdict(vmid)
      if (verdict === undefined) continue
      judged[verdict.source] += 1
      if (verdict.isAnomalous) anomalous += 1
    }
    for (const source of VERDICT_SOURCES) telemetry.predictions.inc({ source }, judged[source])
    telemetry.anomalies.inc(anomalous)
  }

  #refit(): void {
    const { history, anomalies } = this.#parts
    anomalies.refitDue()
    this.#forget(history.forgetVanished(this.#settings.windowMs))
  }

  #forget(gone: readonly number[]): void {
    const { history, anomalies, fleet } = this.#parts
    for (const each of [history, anomalies, fleet, this.#settings.api]) each.forget(gone)
  }

  #judgeFreshness(): Freshness {
    const { history, clock } = this.#parts
    const { newestMs, intervalMs } = history
    return staleness({ newestMs, nowMs: clock.nowMs(), maxAgeMs: this.#settings.maxDataAgeMs, intervalMs })
  }

  /** Tells every sizer what was changed since the last time; gives why that is not known. */
  async #readHistory(signal: AbortSignal): Promise<string | undefined> {
    const { trail, fleet, anomalies, telemetry } = this.#parts
    const { api, longestWaitMs } = this.#settings
    try {
      for (const change of await trail.read(api, longestWaitMs, signal)) {
        fleet.note(change)
        if (change.by !== 'person') anomalies.noteChange(change.vmid, change.endMs)
      }
      return undefined
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      telemetry.failed(error.code)
      return error.message
    }
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
}

/** Nothing is decided in this cycle, for no container. */
function nothing(outcome: CycleOutcome, why: string | AutoscaleError): CycleReport {
  if (typeof why === 'string') return { outcome, text: why, outcomes: [] }
  const { message, code } = failureBehind(why)
  return { outcome, text: message, code, outcomes: [] }
}
