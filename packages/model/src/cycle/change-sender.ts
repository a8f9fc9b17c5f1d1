import { changeKey } from '@lxc-autoscale/core'
import type { AllocationChange, ConfiguredAllocation } from '../client/allocation-change.ts'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { Decision } from '../policy/decision.ts'
import type { Refused } from '../policy/refusals.ts'
import { settingOf } from './allocation.ts'
import { logOutcome, reasonText } from './change-log.ts'
import type { CycleParts } from './cycle-parts.ts'
import type { TrackedContainer } from './fleet.ts'

/** A decision that is to be carried out. */
export interface ToSend {
  readonly container: TrackedContainer
  readonly configured: ConfiguredAllocation
  readonly decision: Decision
}

/** Sends decisions to the API and tells everybody concerned what became of them. */
export class ChangeSender {
  readonly #parts: CycleParts

  constructor(parts: CycleParts) {
    this.#parts = parts
  }

  /** Sends all of `changes`, a few at a time; one outcome for each, in their order. */
  async send(api: ScalingClient, changes: readonly ToSend[], signal: AbortSignal): Promise<readonly ApplyOutcome[]> {
    if (changes.length === 0) return []
    const requests = changes.map(change => this.#request(change))
    const outcomes = await api.applyAll(requests, signal)
    changes.forEach((change, index) => {
      const [request, outcome] = [requests[index], outcomes[index]]
      if (request !== undefined && outcome !== undefined) this.#tell(change, request.idempotencyKey, outcome)
    })
    return outcomes
  }

  #request({ container, configured, decision }: ToSend): AllocationChange {
    const { vmid, sizer } = container
    return {
      vmid,
      expected: configured,
      set: settingOf(decision, configured, sizer.settings.scaling.cpu_unit),
      reason: reasonText(decision),
      idempotencyKey: changeKey(this.#parts.runName, vmid, decision.timeMs),
    }
  }

  #tell({ container, decision }: ToSend, key: string, outcome: ApplyOutcome): void {
    const { anomalies, clock, time, log } = this.#parts
    const nowMs = time.nowMs()
    container.lastChange = { atMs: clock.nowMs(), decision, outcome }
    logOutcome(log, container, decision, outcome)
    if (outcome.confirmed === undefined) {
      container.sizer.failed(nowMs, refusedPart(decision, outcome))
      return
    }
    container.configured = outcome.confirmed
    container.sizer.applied(outcome.confirmed, nowMs, key)
    anomalies.noteChange(container.vmid, nowMs)
  }
}

/** What the API said no to, and will again while nothing changes; undefined when the change came to nothing otherwise. */
function refusedPart(decision: Decision, { kind, code }: ApplyOutcome): Refused | undefined {
  if (kind !== 'refused') return undefined
  return { decision, resource: code === 'MEMORY_BELOW_FLOOR' ? 'memory' : undefined }
}
