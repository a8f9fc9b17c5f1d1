import { HistoryEntryBody } from '@lxc-autoscale/core'
import { z } from 'zod'

/** What a line holds beside what the history shows, so that a request which is sent again can be answered. */
const RepeatFacts = z.object({
  /** Names the request, so that an Idempotency-Key cannot be used for two. */
  request: z.string(),
  /** Fields of the request that the route does not know. */
  ignored: z.array(z.string()).optional(),
  /** What stood beside the message of a failure. */
  details: z.record(z.string(), z.unknown()).optional(),
})
export type RepeatFacts = z.output<typeof RepeatFacts>

/** A change that was begun, with what came of it: one line of the audit log. */
export const AuditEntry = HistoryEntryBody.extend({ repeat: RepeatFacts.optional() })
export type AuditEntry = z.output<typeof AuditEntry>

/** A change that has begun and of which nothing else is known. */
export const BegunChange = AuditEntry.omit({
  duration_seconds: true,
  after: true,
  outcome: true,
  error: true,
  message: true,
  warning: true,
  count: true,
  overwritten: true,
})
export type BegunChange = z.output<typeof BegunChange>

/** Whether it is known what came of a change. */
export function isEnded(change: BegunChange | AuditEntry): change is AuditEntry {
  return 'outcome' in change
}
