import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'
import { z } from 'zod'
import { NewsItem } from './news-events.ts'

/** What one target has still to be told; JSON-safe, for the next process. */
export const OutboxState = z.object({
  /** In the order in which they came. */
  waiting: z.array(NewsItem),
  /** So many were given up since the last message. */
  dropped: z.number(),
  /** When messages were sent in the last hour, by the clock. */
  sent_ms: z.array(z.number()),
  /** Attempts in a row that failed, and when the last one ended. */
  failures: z.number(),
  failed_ms: z.number().nullable(),
})
export type OutboxState = z.output<typeof OutboxState>

export const EMPTY_OUTBOX: OutboxState = { waiting: [], dropped: 0, sent_ms: [], failures: 0, failed_ms: null }

/** More than anybody reads; beyond it the oldest go. */
const MOST_WAITING = 100
const FIRST_RETRY_MS = 30 * MS_PER_SECOND
const LONGEST_RETRY_MS = 30 * MS_PER_MINUTE

/** The outbox with `item` in it; what waits of the same topic and state is one with it. */
export function put(outbox: OutboxState, item: NewsItem): OutboxState {
  const same = outbox.waiting.find(({ topic, state }) => topic === item.topic && state === item.state)
  const others = outbox.waiting.filter(other => other !== same)
  const merged = same === undefined ? item : { ...item, at_ms: same.at_ms, count: same.count + item.count }
  const all = [...others, merged]
  const waiting = all.slice(-MOST_WAITING)
  return { ...outbox, waiting, dropped: outbox.dropped + all.length - waiting.length }
}

export interface SendingRules {
  readonly maxPerHour: number
  readonly groupMs: number
}

/**
 * When the next message may be sent, by the clock; undefined when there is nothing to send. A clock that was set back delays
 * nothing: what seems to lie in the future does not count.
 */
export function dueMs(outbox: OutboxState, nowMs: number, { maxPerHour, groupMs }: SendingRules): number | undefined {
  const { waiting, dropped, failures, failed_ms: failedMs } = outbox
  if (waiting.length === 0 && dropped === 0) return undefined
  const sent = recent(outbox.sent_ms, nowMs)
  const oldestMs = Math.min(nowMs, ...waiting.map(({ at_ms: atMs }) => atMs))
  const groupedMs = Math.max(oldestMs + groupMs, (sent.at(-1) ?? 0) + gapMs(sent.length, { maxPerHour, groupMs }))
  const allowedMs = (sent.at(-maxPerHour) ?? 0) + (sent.length < maxPerHour ? 0 : MS_PER_HOUR)
  const hasFailed = failedMs !== null && failedMs <= nowMs
  const retriedMs = hasFailed ? failedMs + retryDelayMs(failures) : 0
  return Math.max(groupedMs, allowedMs, retriedMs)
}

/** The outbox after a message with `told` and the count of all that was dropped before it. */
export function afterSending(
  outbox: OutboxState,
  told: { readonly items: readonly NewsItem[]; readonly dropped: number },
  nowMs: number,
): OutboxState {
  return {
    waiting: outbox.waiting.flatMap(item => {
      const same = told.items.find(({ topic, state }) => topic === item.topic && state === item.state)
      // What came while the message was on its way has been put together with what it told.
      const count = item.count - (same?.count ?? 0)
      return count > 0 ? [{ ...item, count }] : []
    }),
    dropped: Math.max(0, outbox.dropped - told.dropped),
    sent_ms: [...recent(outbox.sent_ms, nowMs), nowMs],
    failures: 0,
    failed_ms: null,
  }
}

export function afterFailure(outbox: OutboxState, nowMs: number): OutboxState {
  return { ...outbox, failures: outbox.failures + 1, failed_ms: nowMs }
}

/** Between two messages, the longer the more there were in the last hour, so that a storm does not use up all of it in minutes. */
function gapMs(sent: number, { maxPerHour, groupMs }: SendingRules): number {
  const evenMs = MS_PER_HOUR / maxPerHour
  return Math.max(groupMs, Math.min(evenMs, groupMs * 2 ** Math.max(0, sent - 1)))
}

function retryDelayMs(failures: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
}

function recent(timesMs: readonly number[], nowMs: number): number[] {
  return timesMs.filter(timeMs => timeMs <= nowMs && nowMs - timeMs < MS_PER_HOUR)
}
