import { AutoscaleError, type Clock, errorVerdict } from '@lxc-autoscale/core'
import { isBreakerOpen } from './circuit-breaker.ts'

export interface RetrySettings {
  /** Tries after the first. */
  readonly maxRetries: number
  /** Delay before the first of them; each later one is twice as long. */
  readonly delayMs: number
}

const LONGEST_DELAY_MS = 30_000

/**
 * How long to wait before try number `retry` (1 is the first repetition): exponential, with the upper half random so that
 * many callers do not come back at the same moment. `random` is in [0, 1).
 */
export function retryDelayMs(retry: number, { delayMs }: RetrySettings, random: number): number {
  const fullMs = Math.min(LONGEST_DELAY_MS, delayMs * 2 ** (retry - 1))
  return fullMs * (0.5 + random / 2)
}

/** Whether the same request may be sent again at once. An open breaker will not have closed by then; what is not ours is a bug. */
function isRetryable(error: unknown): boolean {
  return error instanceof AutoscaleError && errorVerdict(error.code).retry === 'soon' && !isBreakerOpen(error)
}

/** The wait that the API asked for with the failure, undefined when it asked for none. */
export function askedDelayMs(error: unknown): number | undefined {
  const asked = error instanceof AutoscaleError ? error.details['retry_after_ms'] : undefined
  return typeof asked === 'number' ? asked : undefined
}

export interface RetryContext extends RetrySettings {
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Calls `attempt` until it succeeds, fails for good, or the tries are used up; the last failure is thrown. */
export async function withRetries<Result>(context: RetryContext, attempt: () => Promise<Result>): Promise<Result> {
  for (let retry = 1; ; retry++) {
    try {
      return await attempt()
    } catch (error) {
      const waitMs = Math.max(retryDelayMs(retry, context, context.random()), askedDelayMs(error) ?? 0)
      if (!isRetryable(error) || retry > context.maxRetries || waitMs > LONGEST_DELAY_MS) throw error
      await context.clock.sleep(waitMs, context.signal)
      if (context.signal.aborted) throw error
    }
  }
}
