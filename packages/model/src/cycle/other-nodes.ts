import { AutoscaleError, MS_PER_MINUTE } from '@lxc-autoscale/core'
import type { FetchedConfigs } from '../client/read-replies.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { Allocation, Decision } from '../policy/decision.ts'
import { SHARE_HOST } from '../policy/share-host.ts'
import type { CycleParts } from './cycle-parts.ts'
import type { TrackedContainer } from './fleet.ts'

/** A container that the host is short for, with the size that it should have. */
export interface ShortContainer {
  readonly container: TrackedContainer
  readonly asked: Allocation
}

/** Containers that are asked for by their numbers in one cycle. */
const MOST_SEARCHED = 200
/** Containers of which it is asked in one cycle who could carry them, and how long an answer is good for. */
const MOST_ADVISED = 5
const ADVICE_KEPT_MS = 5 * MS_PER_MINUTE

/** What the other nodes of the cluster have to do with the containers of this one. The API says it; nothing is asked of them. */
export class OtherNodes {
  readonly #parts: CycleParts
  readonly #advice = new Map<number, { readonly untilMs: number; readonly text: string }>()

  constructor(parts: CycleParts) {
    this.#parts = parts
  }

  /**
   * The containers that another node has now: they are its affair, and it knows their past from Proxmox. Each that the API no
   * longer names is asked for once.
   */
  async moved(
    api: ScalingClient,
    { configs, failed }: FetchedConfigs,
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const searched: TrackedContainer[] = []
    for (const container of this.#parts.fleet.containers()) {
      const isNamed = configs.has(container.vmid) || failed.has(container.vmid)
      if (isNamed) container.isSearched = false
      else if (!container.isSearched && searched.length < MOST_SEARCHED) searched.push(container)
    }
    if (searched.length === 0) return []
    const vmids = searched.map(({ vmid }) => vmid)
    const elsewhere = (await this.#ask(() => api.findContainers(vmids, signal)))?.elsewhere
    if (elsewhere === undefined) return []
    for (const container of searched) container.isSearched = true
    for (const [vmid, node] of elsewhere) {
      this.#parts.log.info({ vmid, node }, 'container is on another node now and forgotten here')
    }
    return [...elsewhere.keys()]
  }

  /** Adds to the reason of each that the host is short for it who could carry it, where the cluster has other nodes. */
  async advise(api: ScalingClient, short: readonly ShortContainer[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#parts.time.nowMs()
    for (const [vmid, { untilMs }] of this.#advice) if (untilMs <= nowMs) this.#advice.delete(vmid)
    const unknown = short.filter(({ container }) => !this.#advice.has(container.vmid)).slice(0, MOST_ADVISED)
    for (const { container, asked } of unknown) {
      const placement = await this.#ask(() => api.findPlacement(container.vmid, asked, signal))
      this.#advice.set(container.vmid, { untilMs: nowMs + ADVICE_KEPT_MS, text: placement?.text ?? '' })
    }
    for (const { container } of short) {
      const text = this.#advice.get(container.vmid)?.text ?? ''
      if (container.decision !== undefined && text !== '') container.decision = withAdvice(container.decision, text)
    }
  }

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      this.#parts.telemetry.failed(error.code)
      return undefined
    }
  }
}

/** With the first reason that the host is short, which stands for all in a sentence. */
function withAdvice(decision: Decision, text: string): Decision {
  const at = decision.reasons.findIndex(({ rule }) => rule === SHARE_HOST)
  const reasons = decision.reasons.map((reason, index) =>
    index === at ? { ...reason, text: `${reason.text}; ${text}` } : reason,
  )
  return { ...decision, reasons }
}
