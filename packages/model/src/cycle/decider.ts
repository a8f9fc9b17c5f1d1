import { localTimeText } from '@lxc-autoscale/core'
import type { ContainerConfig, Steering } from '../client/container-config.ts'
import type { FetchedConfigs } from '../client/read-replies.ts'
import { type Allocation, type Decision, isChange } from '../policy/decision.ts'
import { SHARE_HOST } from '../policy/share-host.ts'
import { actedOn } from './acted-on.ts'
import { logRecommendation } from './change-log.ts'
import type { ToSend } from './change-sender.ts'
import { type CircumstancesInput, circumstancesOf } from './circumstances.ts'
import type { CycleParts } from './cycle-parts.ts'
import type { TrackedContainer } from './fleet.ts'
import type { ShortContainer } from './other-nodes.ts'

/** What a cycle's decisions are made from. */
export interface ToDecide extends FetchedConfigs {
  readonly maxDataAgeMs: number
  /** When the allocations were asked for, by steady time. */
  readonly askedMs: number
  readonly isHistoryKnown: boolean
}

/** This moment by steady time, and by the clock of the host. */
type Moment = Pick<CircumstancesInput, 'nowMs' | 'clockMs'>

export interface Decided {
  readonly toSend: readonly ToSend[]
  /** Those that the host is short for. */
  readonly short: readonly ShortContainer[]
}

const NO_ALLOCATION: Allocation = { cores: undefined, memoryMb: undefined }

/** Asks each container's sizer what it should have, and fits the answers into the host. */
export class Decider {
  readonly #parts: CycleParts

  constructor(parts: CycleParts) {
    this.#parts = parts
  }

  /** What is to be sent. Every container knows its decision afterwards, or why it has none. */
  decide(toDecide: ToDecide): Decided {
    const { configs, failed } = toDecide
    const { fleet, clock, time } = this.#parts
    const decisions: Decision[] = []
    // All are decided as of one moment.
    const moment = { nowMs: time.nowMs(), clockMs: clock.nowMs() }
    for (const container of fleet.containers()) {
      const config = configs.get(container.vmid)
      const problem = problemOf(config, failed.get(container.vmid))
      container.pausedUntilMs = config?.steering.pausedUntilMs
      container.problem = problem ?? pauseText(config?.steering)
      container.configured = problem === undefined ? config : undefined
      container.decision = undefined
      if (config === undefined || container.problem !== undefined) continue
      decisions.push(this.#ask(container, config, toDecide, moment))
    }
    const shared = fleet.shareHost(decisions)
    this.#count(shared)
    const toSend = shared.flatMap(decision => this.#take(decision))
    const short = shared.flatMap(({ vmid, heldBy }, index) => {
      const container = fleet.get(vmid)
      const isCut = heldBy.cores === SHARE_HOST || heldBy.memory === SHARE_HOST
      return container === undefined || !isCut ? [] : [{ container, asked: decisions[index]?.to ?? NO_ALLOCATION }]
    })
    return { toSend, short }
  }

  #ask(
    container: TrackedContainer,
    config: ContainerConfig,
    { maxDataAgeMs, askedMs, isHistoryKnown }: ToDecide,
    { nowMs, clockMs }: Moment,
  ): Decision {
    const { fleet, anomalies } = this.#parts
    fleet.identify(config)
    const { min_confidence: minConfidence } = container.sizer.settings.scaling
    container.verdict = actedOn(anomalies.verdict(container.vmid), minConfidence)
    const circumstances = circumstancesOf({
      config,
      allocation: fleet.allocationOf(container, config),
      container,
      verdict: container.verdict,
      nowMs,
      clockMs,
      maxDataAgeMs,
      askedMs,
      isHistoryKnown,
    })
    return container.sizer.decide(circumstances)
  }

  #take(decision: Decision): ToSend[] {
    const { fleet, log } = this.#parts
    const container = fleet.get(decision.vmid)
    const { configured } = container ?? {}
    if (container === undefined || configured === undefined) return []
    container.decision = decision
    if (!isChange(decision)) return []
    if (decision.isToBeApplied) return [{ container, configured, decision }]
    if (isNewRecommendation(container, decision)) logRecommendation(log, container, decision)
    return []
  }

  /* Those that are alike at once: there are few kinds of them, and to find a counter by its labels takes its time. */
  #count(shared: readonly Decision[]): void {
    const { decisions } = this.#parts.telemetry
    for (const [resource, key] of [
      ['cpu', 'cores'],
      ['memory', 'memory'],
    ] as const) {
      const times = new Map<string, number>()
      for (const decision of shared) {
        const kind = `${decision[key]} ${reasonFor(decision, key)}`
        times.set(kind, (times.get(kind) ?? 0) + 1)
      }
      for (const [kind, count] of times) {
        const [direction = '', reason = ''] = kind.split(' ')
        decisions.inc({ resource, direction, reason }, count)
      }
    }
  }
}

/** What settled one resource: the rule that holds it, the rule or the policy that asked for the change, or nothing. */
function reasonFor(decision: Decision, resource: 'cores' | 'memory'): string {
  const asked = decision[resource] === 'keep' ? 'none' : decision.askedBy[resource]
  return decision.heldBy[resource] ?? asked
}

/** Why nothing can be decided for a container; undefined when something can. */
function problemOf(config: ContainerConfig | undefined, failure: string | undefined): string | undefined {
  if (failure !== undefined) return `its allocation is not known: ${failure}`
  if (config === undefined) return 'its allocation is not known: the API does not name it'
  return config.isTemplate ? 'it is a template' : undefined
}

/** Of a container that somebody wants to be left alone; what was paused must stay so also when nobody knows what was. */
function pauseText(steering: Steering | undefined): string | undefined {
  // The warnings of the status say why.
  if (steering?.problem !== undefined) return 'left alone: the pauses cannot be read'
  if (steering?.pausedUntilMs === undefined) return undefined
  const { pausedUntilMs: untilMs, isAllPaused } = steering
  const until = untilMs === Number.POSITIVE_INFINITY ? 'that is ended' : localTimeText(untilMs)
  return `left alone until ${until} (lxc-autoscale ignore${isAllPaused ? ' --all' : ''})`
}

/** Whether `decision` recommends another size than the last one that was logged. */
function isNewRecommendation(container: TrackedContainer, { to }: Decision): boolean {
  const recommended = `${to.cores} ${to.memoryMb}`
  if (container.recommended === recommended) return false
  container.recommended = recommended
  return true
}
