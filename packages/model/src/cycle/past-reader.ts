import { AutoscaleError, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'
import { askedDelayMs } from '../client/retry-delay.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { CycleParts } from './cycle-parts.ts'
import { StandingProblem } from './standing-problem.ts'

/** No policy looks back further. */
const DAYS = 30
/** Of each cycle so much goes into asking, nearly all of it in waiting until the API reads again; one container is always asked for. */
const CYCLE_SHARE = 0.25
/** What failed is asked for again after so long. */
const AGAIN_MS = 15 * MS_PER_MINUTE

interface PastSettings {
  readonly api: Pick<ScalingClient, 'fetchPast'>
  readonly intervalMs: number
}

/** Asks for what Proxmox has kept of containers that begin with nothing learned, one at a time, a few in each cycle. */
export class PastReader {
  readonly #parts: Pick<CycleParts, 'fleet' | 'clock' | 'telemetry'>
  readonly #problem: StandingProblem
  /** When asking makes sense again: of a container, and of the API as a whole. */
  readonly #againMs = new Map<number, number>()
  #allAgainMs = Number.NEGATIVE_INFINITY

  constructor(parts: Pick<CycleParts, 'fleet' | 'clock' | 'telemetry' | 'log'>) {
    this.#parts = parts
    this.#problem = new StandingProblem(parts.log, {
      begins: 'what Proxmox has kept cannot be read; containers are learned from their first sample on',
      ends: 'what Proxmox has kept is read again',
    })
  }

  async read({ api, intervalMs }: PastSettings, signal: AbortSignal): Promise<void> {
    const { fleet, clock } = this.#parts
    const startMs = clock.monotonicMs()
    const endMs = startMs + intervalMs * CYCLE_SHARE
    for (const { vmid, sizer } of fleet.containers()) {
      if (startMs < this.#allAgainMs) return
      if (!sizer.wantsPast || startMs < (this.#againMs.get(vmid) ?? startMs)) continue
      await this.#ask(api, vmid, signal)
      if (clock.monotonicMs() >= endMs) return
    }
  }

  async #ask(api: PastSettings['api'], vmid: number, signal: AbortSignal): Promise<void> {
    const { fleet, clock, telemetry } = this.#parts
    try {
      fleet.learnPast(vmid, await api.fetchPast(vmid, DAYS, signal))
      this.#againMs.delete(vmid)
      this.#problem.report(undefined, {})
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      const againMs = clock.monotonicMs() + AGAIN_MS
      // One that is gone meanwhile says nothing of the others.
      if (error.code === 'CONTAINER_NOT_FOUND') this.#againMs.set(vmid, againMs)
      // The API spares the host, and says for how long.
      else if (error.code === 'QUEUE_FULL')
        this.#allAgainMs = clock.monotonicMs() + (askedDelayMs(error) ?? MS_PER_SECOND)
      else {
        this.#allAgainMs = againMs
        telemetry.failed(error.code)
        this.#problem.report('it failed', { problem: error.message })
      }
    }
  }
}
