import { AutoscaleError, type BreakerState, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'

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
  #state: BreakerState = 'closed'
  #failures = 0
  #openedMs = 0
  /** Of the last call that failed. */
  #failure: unknown
  /** Settles when the call that probes has ended; others wait for it. */
  #probe: Promise<void> | undefined

  constructor(options: CircuitBreakerOptions) {
    this.#options = options
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Time until a call may probe; 0 when calls pass. */
  get remainingMs(): number {
    if (this.#state !== 'open') return 0
    return Math.max(0, this.#openedMs + this.#options.timeoutMs - this.#options.clock.monotonicMs())
  }

  /**
   * The result of `call`, or its error.
   * @throws {AutoscaleError} SCALING_API_UNREACHABLE, at once, while the breaker is open.
   */
  async call<Result>(call: () => Promise<Result>): Promise<Result> {
    while (this.#probe !== undefined) await this.#probe
    if (this.#state === 'closed') return this.#attempt(call, false)
    if (this.remainingMs > 0) {
      const seconds = Math.ceil(this.remainingMs / MS_PER_SECOND)
      const message = `the circuit breaker of ${this.#options.name} is open; next try in ${seconds} s`
      throw new AutoscaleError('SCALING_API_UNREACHABLE', message, {
        details: { breaker: 'open' },
        cause: this.#failure,
      })
    }
    this.#enter('half-open')
    const attempt = this.#attempt(call, true)
    const done = () => {
      this.#probe = undefined
    }
    this.#probe = attempt.then(done, done)
    return attempt
  }

  async #attempt<Result>(call: () => Promise<Result>, isProbe: boolean): Promise<Result> {
    try {
      const result = await call()
      this.#note('success', isProbe)
      return result
    } catch (error) {
      const verdict = this.#options.judge(error)
      if (verdict === 'failure') this.#failure = error
      this.#note(verdict, isProbe)
      throw error
    }
  }

  #note(verdict: ReturnType<CircuitBreakerOptions['judge']>, isProbe: boolean): void {
    const { isEnabled, failureThreshold, clock } = this.#options
    if (verdict === 'success') this.#failures = 0
    if (verdict === 'failure') this.#failures++
    const isTooMuch = isProbe || (isEnabled && this.#failures >= failureThreshold)
    if (verdict === 'failure' && isTooMuch && this.#state !== 'open') {
      this.#openedMs = clock.monotonicMs()
      this.#enter('open')
    } else if (isProbe) this.#enter('closed')
  }

  #enter(state: BreakerState): void {
    this.#state = state
    this.#options.onChange?.(state)
  }
}

/** What went wrong: of an open breaker the failure that keeps it open. */
export function failureBehind(error: AutoscaleError): AutoscaleError {
  return isBreakerOpen(error) && error.cause instanceof AutoscaleError ? error.cause : error
}

/** Whether an error came from an open breaker, so that nothing was sent. */
export function isBreakerOpen(error: unknown): boolean {
  return error instanceof AutoscaleError && error.details['breaker'] === 'open'
}
