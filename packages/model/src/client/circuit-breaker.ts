import { AutoscaleError, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  type IBackoff,
} from 'cockatiel'

/** `closed`: calls pass. `open`: calls fail at once. `half-open`: one call tries whether it works again. */
export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

export interface BreakerSettings {
  readonly isEnabled: boolean
  /** Consecutive failures after which it opens. */
  readonly failureThreshold: number
  /** How long it stays open before one call may probe. */
  readonly timeoutMs: number
}

export interface CircuitBreakerOptions extends BreakerSettings {
  /** What is called, in words, for messages. */
  readonly name: string
  readonly clock: Clock
  /** What an error says about what is called: that it fails, that it works (it answered), or nothing. */
  readonly judge: (error: unknown) => 'failure' | 'success' | 'nothing'
  readonly onChange?: (state: BreakerState) => void
}

/** Stops calling what keeps failing and probes it after a cool-down, with one call. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions
  readonly #policy: CircuitBreakerPolicy
  #openedMs = 0

  constructor(options: CircuitBreakerOptions) {
    const { isEnabled, failureThreshold, judge, onChange } = options
    this.#options = options
    this.#policy = circuitBreaker(
      handleWhen(error => judge(error) === 'failure'),
      {
        breaker: new ConsecutiveBreaker(isEnabled ? failureThreshold : Number.POSITIVE_INFINITY),
        halfOpenAfter: { next: () => this.#coolDown() },
      },
    )
    this.#policy.onStateChange(() => onChange?.(this.state))
  }

  get state(): BreakerState {
    const { state } = this.#policy
    if (state === CircuitState.Closed) return 'closed'
    return state === CircuitState.HalfOpen ? 'half-open' : 'open'
  }

  /** Time until a call may probe; 0 when calls pass. */
  get remainingMs(): number {
    if (this.state !== 'open') return 0
    return Math.max(0, this.#openedMs + this.#options.timeoutMs - this.#options.clock.monotonicMs())
  }

  /**
   * The result of `call`, or its error.
   * @throws {AutoscaleError} SCALING_API_UNREACHABLE, at once, while the breaker is open.
   */
  async call<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      const answer = await this.#policy.execute(() => this.#answerOf(call))
      if ('error' in answer) throw answer.error
      return answer.value
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const seconds = Math.ceil(this.remainingMs / MS_PER_SECOND)
      const message = `the circuit breaker of ${this.#options.name} is open; next try in ${seconds} s`
      throw new AutoscaleError('SCALING_API_UNREACHABLE', message, { details: { breaker: 'open' } })
    }
  }

  /** A refusal is an answer: cockatiel counts what is returned as a success. */
  async #answerOf<Result>(call: () => Promise<Result>): Promise<{ value: Result } | { error: unknown }> {
    try {
      return { value: await call() }
    } catch (error) {
      if (this.#options.judge(error) === 'success') return { error }
      throw error
    }
  }

  /**
   * cockatiel compares the wall clock with `duration`. A duration that is endless until our clock says otherwise makes it
   * follow the monotonic clock, so that a step of the time of day neither opens nor holds a breaker.
   */
  #coolDown(): IBackoff<unknown> {
    const { clock, timeoutMs } = this.#options
    const openedMs = clock.monotonicMs()
    this.#openedMs = openedMs
    return {
      get duration() {
        return clock.monotonicMs() - openedMs >= timeoutMs ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      },
      next: () => this.#coolDown(),
    }
  }
}

/** Whether an error came from an open breaker, so that nothing was sent. */
export function isBreakerOpen(error: unknown): boolean {
  return error instanceof AutoscaleError && error.details['breaker'] === 'open'
}
