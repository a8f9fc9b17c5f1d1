import {
  AutoscaleError,
  type BreakerState,
  type Clock,
  errorVerdict,
  HistoryBody,
  PastBody,
  type PastStep,
  PlacementBody,
  pastSteps,
} from '@lxc-autoscale/core'
import type { Allocation } from '../policy/decision.ts'
import { type AllocationChange, scaleResourcesBody } from './allocation-change.ts'
import { isApiFailure, readData } from './api-reply.ts'
import { type ApplyOutcome, outcomeOfError } from './apply-outcome.ts'
import { boundedMap } from './bounded-map.ts'
import { type BreakerSettings, CircuitBreaker, isBreakerOpen } from './circuit-breaker.ts'
import { type FetchedConfigs, readChange, readConfigs } from './read-replies.ts'
import { type RetrySettings, withRetries } from './retry-delay.ts'
import type { ApiReply, ApiRequest, Transport } from './transport.ts'

/** Sends a request with all that the client does about failures. */
type Call = <Result>(request: ApiRequest, read: (reply: ApiReply) => Result) => Promise<Result>

export interface ScalingClientOptions {
  readonly transport: Transport
  readonly clock: Clock
  /** In [0, 1); spreads the retries. */
  readonly random: () => number
  readonly retry: RetrySettings
  readonly breaker: BreakerSettings
  /** Requests at the same time. */
  readonly maxConcurrent: number
  readonly onBreakerChange?: (change: BreakerChange) => void
}

export interface HistoryPage {
  readonly limit: number
  readonly skip: number
}

/** `vmid` undefined: the breaker of the API as a whole. */
export interface BreakerChange {
  readonly vmid: number | undefined
  readonly state: BreakerState
}

const CONFIGS_ROUTE = '/resource/lxc/configs'
const PLACEMENT_ROUTE = '/resource/cluster/placement'
const HISTORY_ROUTE = '/history'
const PAST_ROUTE = '/past'
const RESOURCES_ROUTE = '/scale/resources'

/** What an error of a change says about its container: that trying again will not help, or, when nothing reached it, nothing. */
function judgeContainer(error: unknown): 'failure' | 'success' | 'nothing' {
  if (!(error instanceof AutoscaleError)) return 'nothing'
  const { blames } = errorVerdict(error.code)
  if (blames === 'connection') return 'nothing'
  return blames === 'caller' || blames === 'nobody' ? 'success' : 'failure'
}

/** The scaling API as the model uses it: reads all allocations at once, applies changes, stops calling what keeps failing. */
export class ScalingClient {
  readonly #options: ScalingClientOptions
  readonly #apiBreaker: CircuitBreaker
  readonly #containerBreakers = new Map<number, CircuitBreaker>()

  constructor(options: ScalingClientOptions) {
    this.#options = options
    this.#apiBreaker = this.#newBreaker(undefined, error => (isApiFailure(error) ? 'failure' : 'success'))
  }

  get apiBreakerState(): BreakerState {
    return this.#apiBreaker.state
  }

  /** Containers whose breaker is not closed. */
  troubledContainers(): ReadonlyMap<number, BreakerState> {
    const troubled = new Map<number, BreakerState>()
    for (const [vmid, { state }] of this.#containerBreakers) if (state !== 'closed') troubled.set(vmid, state)
    return troubled
  }

  /** Drops what is remembered of containers that are gone. */
  forget(vmids: Iterable<number>): void {
    for (const vmid of vmids) this.#containerBreakers.delete(vmid)
  }

  /**
   * What all containers have configured, in one request.
   * @throws {AutoscaleError} SCALING_API_UNREACHABLE, SCALING_API_MALFORMED, UNAUTHORIZED, or what else the API gave.
   */
  fetchConfigs(signal: AbortSignal): Promise<FetchedConfigs> {
    const call = this.#caller(signal)
    return call({ method: 'GET', path: CONFIGS_ROUTE }, reply => readConfigs(`GET ${CONFIGS_ROUTE}`, reply))
  }

  /**
   * The same of these containers, which may be elsewhere.
   * @throws {AutoscaleError} as `fetchConfigs` does.
   */
  findContainers(vmids: readonly number[], signal: AbortSignal): Promise<FetchedConfigs> {
    const path = `${CONFIGS_ROUTE}?lxc_ids=${vmids.join()}`
    const call = this.#caller(signal)
    return call({ method: 'GET', path }, reply => readConfigs(`GET ${CONFIGS_ROUTE}`, reply))
  }

  /**
   * Who could carry a container of that size; its text is empty without a cluster.
   * @throws {AutoscaleError} as `fetchConfigs` does, CONTAINER_NOT_FOUND
   */
  findPlacement(vmid: number, { cores, memoryMb }: Allocation, signal: AbortSignal): Promise<PlacementBody> {
    const asked = [
      ...(cores === undefined ? [] : [`&cores=${Math.ceil(cores)}`]),
      ...(memoryMb === undefined ? [] : [`&memory=${memoryMb}`]),
    ]
    const path = `${PLACEMENT_ROUTE}?lxc_id=${vmid}${asked.join('')}`
    const call = this.#caller(signal)
    return call({ method: 'GET', path }, reply => readData(`GET ${PLACEMENT_ROUTE}`, reply, PlacementBody))
  }

  /**
   * What was changed or may have been: entries of the audit log but the newest `skip`, in the order of the log, newest first.
   * @throws {AutoscaleError} as `fetchConfigs` does.
   */
  fetchHistory({ limit, skip }: HistoryPage, signal: AbortSignal): Promise<HistoryBody> {
    const call = this.#caller(signal)
    const path = `${HISTORY_ROUTE}?made=true&limit=${limit}&skip=${skip}`
    return call({ method: 'GET', path }, reply => readData(`GET ${HISTORY_ROUTE}`, reply, HistoryBody))
  }

  /**
   * What Proxmox has kept of a container, oldest first; none: it kept nothing. It is tried once, and says nothing of the API as
   * a whole: nothing depends on it.
   * @throws {AutoscaleError} as `fetchConfigs` does.
   */
  async fetchPast(vmid: number, days: number, signal: AbortSignal): Promise<readonly PastStep[]> {
    const path = `${PAST_ROUTE}?lxc_id=${vmid}&days=${days}`
    const reply = await this.#options.transport.send({ method: 'GET', path }, signal)
    return pastSteps(readData(`GET ${PAST_ROUTE} (container ${vmid})`, reply, PastBody))
  }

  /** Applies each change, a few at a time, with one outcome for each, in their order. An expected failure is an outcome. */
  applyAll(changes: readonly AllocationChange[], signal: AbortSignal): Promise<readonly ApplyOutcome[]> {
    const call = this.#caller(signal)
    return boundedMap(changes, this.#options.maxConcurrent, change => this.#apply(change, call))
  }

  async #apply(change: AllocationChange, call: Call): Promise<ApplyOutcome> {
    const { vmid } = change
    const breaker = this.#containerBreaker(vmid)
    const isOpen = breaker.state === 'open' && breaker.remainingMs > 0
    try {
      return await breaker.call(() => this.#applyOnce(change, call))
    } catch (error) {
      const outcome = outcomeOfError(vmid, error)
      return isOpen && isBreakerOpen(error) ? { ...outcome, kind: 'failed' } : outcome
    }
  }

  async #applyOnce(change: AllocationChange, call: Call): Promise<ApplyOutcome> {
    const what = `POST ${RESOURCES_ROUTE} (container ${change.vmid})`
    const request = {
      method: 'POST',
      path: RESOURCES_ROUTE,
      headers: { 'idempotency-key': change.idempotencyKey },
      body: scaleResourcesBody(change),
    } as const
    const { changed, after } = await call(request, reply => readChange(what, change, reply))
    const text = changed ? 'done' : 'it had this already'
    return { vmid: change.vmid, kind: changed ? 'applied' : 'unchanged', code: undefined, text, confirmed: after }
  }

  /** Sends each request under the breaker of the API, again where that may help, and reads the answer. */
  #caller(signal: AbortSignal): Call {
    const { transport, clock, random, retry } = this.#options
    return (request, read) =>
      withRetries({ ...retry, clock, random, signal }, () =>
        this.#apiBreaker.call(async () => read(await transport.send(request, signal))),
      )
  }

  #containerBreaker(vmid: number): CircuitBreaker {
    const known = this.#containerBreakers.get(vmid)
    if (known !== undefined) return known
    const breaker = this.#newBreaker(vmid, judgeContainer)
    this.#containerBreakers.set(vmid, breaker)
    return breaker
  }

  #newBreaker(vmid: number | undefined, judge: (error: unknown) => 'failure' | 'success' | 'nothing'): CircuitBreaker {
    const { breaker, clock, onBreakerChange } = this.#options
    const name = vmid === undefined ? 'the scaling API' : `container ${vmid}`
    return new CircuitBreaker({ ...breaker, name, clock, judge, onChange: state => onBreakerChange?.({ vmid, state }) })
  }
}
