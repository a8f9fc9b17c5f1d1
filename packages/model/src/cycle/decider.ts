import type { Clock, Logger } from '@lxc-autoscale/core'
import type { AnomalyModel } from '../anomaly/anomaly-model.ts'
import { describeVerdict } from '../anomaly/describe-verdict.ts'
import type { ContainerConfig } from '../client/container-config.ts'
import type { FetchedConfigs } from '../client/read-replies.ts'
import { type Decision, isChange, type Verdict } from '../policy/decision.ts'
import type { ModelTelemetry } from '../telemetry.ts'
import { allocationOf } from './allocation.ts'
import { logRecommendation } from './change-log.ts'
import type { ToSend } from './change-sender.ts'
import { circumstancesOf } from './circumstances.ts'
import type { Fleet, TrackedContainer } from './fleet.ts'

export interface DeciderOptions {
  readonly fleet: Fleet
  readonly anomalies: AnomalyModel
  readonly telemetry: ModelTelemetry
  readonly clock: Clock
  readonly log: Logger
}

/** What a cycle's decisions are made from. */
export interface ToDecide extends FetchedConfigs {
  readonly maxDataAgeMs: number
  /** Container number -> time until which it is left alone. */
  readonly pauses: ReadonlyMap<number, number>
}

/** Asks each container's sizer what it should have, and fits the answers into the host. */
export class Decider {
  readonly #options: DeciderOptions

  constructor(options: DeciderOptions) {
    this.#options = options
  }

  /** What is to be sent. Every container knows its decision afterwards, or why it has none. */
  decide({ configs, failed, maxDataAgeMs, pauses }: ToDecide): ToSend[] {
    const { fleet } = this.#options
    const decisions: Decision[] = []
    for (const container of fleet.containers()) {
      const config = configs.get(container.vmid)
      const problem = problemOf(config, failed.get(container.vmid))
      container.problem = problem ?? pauseText(pauses.get(container.vmid))
      container.configured = problem === undefined ? config : undefined
      container.decision = undefined
      if (config === undefined || container.problem !== undefined) continue
      decisions.push(this.#ask(container, config, maxDataAgeMs))
    }
    return fleet.shareHost(decisions).flatMap(decision => this.#take(decision))
  }

  #ask(container: TrackedContainer, config: ContainerConfig, maxDataAgeMs: number): Decision {
    const { fleet, clock } = this.#options
    const { sizer } = container
    fleet.identify(config)
    container.verdict = this.#verdict(container)
    const circumstances = circumstancesOf({
      config,
      allocation: allocationOf(config, { cpuUnit: sizer.settings.scaling.cpu_unit, hostCores: fleet.host.cores }),
      container,
      verdict: container.verdict,
      nowMs: clock.nowMs(),
      maxDataAgeMs,
    })
    return sizer.decide(circumstances)
  }

  #verdict({ vmid, sizer, spikes }: TrackedContainer): Verdict | undefined {
    const verdict = this.#options.anomalies.verdict(vmid)
    if (verdict !== undefined && verdict.source !== 'none') {
      const isAbnormal = verdict.isAnomalous && verdict.confidence >= sizer.settings.scaling.min_confidence
      return { isAbnormal, confidence: verdict.confidence, why: verdict.isAnomalous ? describeVerdict(verdict) : '' }
    }
    const spike = spikes.text()
    if (spike === '') return undefined
    this.#options.telemetry.spikes.inc()
    return { isAbnormal: true, confidence: 0, why: spike }
  }

  #take(decision: Decision): ToSend[] {
    const { fleet, log } = this.#options
    const container = fleet.get(decision.vmid)
    const { configured } = container ?? {}
    if (container === undefined || configured === undefined) return []
    container.decision = decision
    this.#count(decision)
    if (!isChange(decision)) return []
    if (decision.isToBeApplied) return [{ container, configured, decision }]
    if (isNewRecommendation(container, decision)) logRecommendation(log, container, decision)
    return []
  }

  #count(decision: Decision): void {
    const { decisions } = this.#options.telemetry
    const { from, to, wanted } = decision
    const cores = reasonFor(decision, { from: from.cores, to: to.cores, wanted: wanted.cores })
    const memory = reasonFor(decision, { from: from.memoryMb, to: to.memoryMb, wanted: wanted.memoryMb })
    decisions.inc({ resource: 'cores', direction: decision.cores, reason: cores })
    decisions.inc({ resource: 'memory', direction: decision.memory, reason: memory })
  }
}

interface Wish {
  readonly from: number | undefined
  readonly to: number | undefined
  readonly wanted: number | undefined
}

/** What settled one resource: nothing was wanted, the policy had its way, or the last rule that spoke. */
function reasonFor({ policy, reasons }: Decision, { from, to, wanted }: Wish): string {
  if (to === wanted) return to === from ? 'none' : policy
  return reasons.at(-1)?.rule ?? 'none'
}

/** Why nothing can be decided for a container; undefined when something can. */
function problemOf(config: ContainerConfig | undefined, failure: string | undefined): string | undefined {
  if (failure !== undefined) return `its allocation is not known: ${failure}`
  if (config === undefined) return 'its allocation is not known: the API does not name it'
  return config.isTemplate ? 'it is a template' : undefined
}

/** Of a container that the administrator wants to be left alone for a while. */
function pauseText(untilMs: number | undefined): string | undefined {
  if (untilMs === undefined) return undefined
  const until = new Date(untilMs).toISOString().slice(0, 16).replace('T', ' ')
  return `left alone until ${until} UTC (lxc-autoscale ignore)`
}

/** Whether `decision` recommends another size than the last one that was logged. */
function isNewRecommendation(container: TrackedContainer, { to }: Decision): boolean {
  const recommended = `${to.cores} ${to.memoryMb}`
  if (container.recommended === recommended) return false
  container.recommended = recommended
  return true
}
