import { type AllocationChange, allocationAfter, type ConfiguredAllocation } from '../client/allocation-change.ts'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { ContainerConfig } from '../client/container-config.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { Decision } from '../policy/decision.ts'
import type { Refused } from '../policy/refusals.ts'
import type { PendingChange } from '../state/pending-changes.ts'
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

  /**
   * Settles changes of which nobody knows whether they were done: the answer was lost, or an earlier process was killed.
   * A container that has the size we asked for has it from us, and not from a person.
   */
  async settle(configs: ReadonlyMap<number, ContainerConfig>): Promise<void> {
    const { pending, state } = this.#parts
    const open = pending.unconfirmed().filter(({ vmid }) => configs.has(vmid))
    for (const change of open) this.#settleOne(change, configs.get(change.vmid))
    if (open.length > 0) await state.savePending(pending)
  }

  /** Sends all of `changes`, a few at a time; one outcome for each, in their order. */
  async send(api: ScalingClient, changes: readonly ToSend[], signal: AbortSignal): Promise<readonly ApplyOutcome[]> {
    if (changes.length === 0) return []
    const { pending, state } = this.#parts
    const requests = changes.map(change => this.#request(change))
    for (const request of requests) pending.add(this.#pendingChange(request))
    await state.savePending(pending)
    const outcomes = await api.applyAll(requests, signal)
    changes.forEach((change, index) => {
      const outcome = outcomes[index]
      if (outcome !== undefined) this.#tell(change, outcome)
    })
    await state.savePending(pending)
    return outcomes
  }

  #request({ container, configured, decision }: ToSend): AllocationChange {
    const { vmid, sizer } = container
    return {
      vmid,
      expected: configured,
      set: settingOf(decision, configured, sizer.settings.scaling.cpu_unit),
      reason: reasonText(decision),
      idempotencyKey: `${this.#parts.runName}-${vmid}-${decision.timeMs}`,
    }
  }

  #pendingChange(request: AllocationChange): PendingChange {
    const after = allocationAfter(request)
    return { ...after, vmid: request.vmid, atMs: this.#parts.clock.nowMs(), isConfirmed: false }
  }

  #settleOne(change: PendingChange, config: ContainerConfig | undefined): void {
    const { pending } = this.#parts
    const isDone =
      config !== undefined &&
      config.cores === change.cores &&
      config.cpuLimit === change.cpuLimit &&
      config.memoryMb === change.memoryMb
    if (!isDone) {
      pending.drop(change.vmid)
      return
    }
    pending.confirm(change.vmid, change)
    this.#tellApplied(change.vmid, change, change.atMs)
  }

  #tell({ container, decision }: ToSend, outcome: ApplyOutcome): void {
    const { pending, clock, log } = this.#parts
    const nowMs = clock.nowMs()
    container.lastChange = { atMs: nowMs, decision, outcome }
    logOutcome(log, container, decision, outcome)
    if (outcome.confirmed !== undefined) {
      pending.confirm(container.vmid, outcome.confirmed)
      container.configured = outcome.confirmed
      this.#tellApplied(container.vmid, outcome.confirmed, nowMs)
      return
    }
    container.sizer.failed(nowMs, refusedPart(decision, outcome))
    // After a failure or a lost answer the change may have been done: the next cycle looks.
    if (outcome.kind !== 'failed' && outcome.kind !== 'unreachable') pending.drop(container.vmid)
  }

  #tellApplied(vmid: number, configured: ConfiguredAllocation, atMs: number): void {
    const { fleet, anomalies, history } = this.#parts
    const container = fleet.get(vmid)
    if (container === undefined) return
    container.sizer.applied(fleet.allocationOf(container, configured), atMs)
    anomalies.noteChange(vmid, history.timeOf(atMs))
  }
}

/** What the API said no to, and will again while nothing changes; undefined when the change came to nothing otherwise. */
function refusedPart(decision: Decision, { kind, code }: ApplyOutcome): Refused | undefined {
  if (kind !== 'refused') return undefined
  return { decision, resource: code === 'MEMORY_BELOW_FLOOR' ? 'memory' : undefined }
}
