import { AutoscaleError, errorVerdict, MS_PER_MINUTE, MS_PER_SECOND, type PastStep } from '@lxc-autoscale/core'
import { askedDelayMs } from '../client/retry-delay.ts'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { CycleParts } from './cycle-parts.ts'
import { StandingProblem } from './standing-problem.ts'

/** No policy looks back further. */
const DAYS = 30
/** Of each cycle so much goes into asking, nearly all of it in waiting until the API reads again; one container is always asked for. */
const CYCLE_SHARE = 0.25
/** The first sample of a container only stands for a minute; its own memory, to which the past is compared, takes some more. */
const LEAST_OWN_MS = 30 * MS_PER_SECOND
/** What failed is asked for again after so long. */
const AGAIN_MS = 15 * MS_PER_MINUTE

interface PastSettings {
  readonly api: Pick<ScalingClient, 'fetchPast'>
  readonly intervalMs: number
}

/** Asks for what Proxmox has kept of containers that begin with nothing learned, one at a time, a few in each cycle. */
export class PastReader {
  readonly #parts: Pick<CycleParts, 'fleet' | 'clock' | 'telemetry' | 'log'>
  readonly #problem: StandingProblem
  /** When asking makes sense again: of a container, and of the API as a whole. */
  readonly #againMs = new Map<number, number>()
  #allAgainMs = Number.NEGATIVE_INFINITY
  /** What was answered and is not learned yet. */
  #answered = new Map<number, readonly PastStep[]>()
  /** How often each has failed: whoever fails goes to the end of the line. */
  readonly #failures = new Map<number, number>()

  constructor(parts: Pick<CycleParts, 'fleet' | 'clock' | 'telemetry' | 'log'>) {
    this.#parts = parts
    this.#problem = new StandingProblem(parts.log, {
      begins: 'what Proxmox has kept cannot be read; containers are learned from their first sample on',
      ends: 'what Proxmox has kept is read again',
    })
  }

  /** Before what is decided next: until then what was decided last, and why, stands. */
  learn(): void {
    const answered = this.#answered
    this.#answered = new Map()
    for (const { vmid, sizer } of this.#parts.fleet.containers()) {
      const steps = answered.get(vmid)
      if (steps !== undefined && sizer.wantsPast) this.#parts.fleet.learnPast(vmid, steps)
    }
  }

  async read({ api, intervalMs }: PastSettings, signal: AbortSignal): Promise<void> {
    const { fleet, clock } = this.#parts
    const startMs = clock.monotonicMs()
    const endMs = startMs + intervalMs * CYCLE_SHARE
    for (const { vmid, sizer } of this.#inLine(fleet)) {
      if (!sizer.wantsPast || sizer.known.observedMs < LEAST_OWN_MS) continue
      if (startMs < (this.#againMs.get(vmid) ?? startMs)) continue
      do {
        if (!(await this.#isTime(endMs, signal))) return
      } while (!(await this.#ask(api, vmid, signal)))
      if (clock.monotonicMs() >= endMs) return
    }
  }

  /** Waits until the API may be asked again, if that is before `endMs`. */
  async #isTime(endMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#parts
    if (this.#allAgainMs >= endMs) return false
    const waitMs = this.#allAgainMs - clock.monotonicMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    return !signal.aborted
  }

  #inLine(fleet: CycleParts['fleet']) {
    const failures = ({ vmid }: { readonly vmid: number }) => this.#failures.get(vmid) ?? 0
    return [...fleet.containers()].toSorted((one, other) => failures(one) - failures(other))
  }

  /** Gives whether it was asked; false when the API says that it is not the time yet. */
  async #ask(api: PastSettings['api'], vmid: number, signal: AbortSignal): Promise<boolean> {
    try {
      this.#answered.set(vmid, await api.fetchPast(vmid, DAYS, signal))
      this.#againMs.delete(vmid)
      this.#problem.report(undefined, {})
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      // The API spares the host, and says for how long.
      if (error.code === 'QUEUE_FULL') {
        const askedMs = Math.max(askedDelayMs(error) ?? 0, MS_PER_SECOND)
        this.#allAgainMs = this.#parts.clock.monotonicMs() + askedMs
        return false
      }
      this.#failed(vmid, error)
    }
    return true
  }

  #failed(vmid: number, error: AutoscaleError): void {
    const { clock, telemetry, log } = this.#parts
    const nowMs = clock.monotonicMs()
    const failures = (this.#failures.get(vmid) ?? 0) + 1
    this.#failures.set(vmid, failures)
    const isGone = error.code === 'CONTAINER_NOT_FOUND'
    if (!isGone) telemetry.failed(error.code)
    // One that is gone meanwhile says nothing of the others, nor does one whose past is damaged.
    if (isGone || isOfContainer(error)) {
      this.#againMs.set(vmid, nowMs + AGAIN_MS)
      if (!isGone && failures === 1)
        log.warn({ vmid, problem: error.message }, 'what Proxmox has kept of a container cannot be read')
      return
    }
    this.#allAgainMs = nowMs + AGAIN_MS
    this.#problem.report('it failed', { problem: error.message })
  }
}

/** A Proxmox that hangs may do so for each, and each would cost a whole time limit. */
function isOfContainer({ code }: AutoscaleError): boolean {
  return errorVerdict(code).blames === 'container' && code !== 'PCT_TIMEOUT'
}
