import { errorVerdict, type HistoryEntryBody, isDecidedByModel, isErrorCode, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'

/** Changes of one container that were not made in the last hour. */
const Refused = z.object({
  name: z.string().nullable(),
  /** What the newest one said. */
  text: z.string(),
  code: z.string().nullable(),
  times_ms: z.array(z.number()),
})

/** By container, of the model for want of room on the host, and all others; JSON-safe, for the next process. */
export const Refusals = z.object({
  of_host: z.record(z.string(), Refused),
  others: z.record(z.string(), Refused),
})
export type Refusals = z.output<typeof Refusals>

export const NO_REFUSALS: Refusals = { of_host: {}, others: {} }

/** More of one container make no difference. */
const MOST_TIMES = 20
/** A caller may make numbers up. */
const MOST_CONTAINERS = 2_000
const MOST_TEXT_CHARACTERS = 400

const NOT_MADE: ReadonlySet<HistoryEntryBody['outcome']> = new Set(['refused', 'failed', 'unknown'])

/** The refusals with that of `entry`, if it is one: who may ask again a moment later was not refused. */
export function noteRefusal(refusals: Refusals, entry: HistoryEntryBody, nowMs: number): Refusals {
  const { action, outcome, error, lxc_id: vmid, name, message } = entry
  const isSoon = error !== null && isErrorCode(error) && errorVerdict(error).retry === 'soon'
  // One that is gone, or on another node now, is in no trouble.
  const isGone = error === 'CONTAINER_NOT_FOUND'
  if (action !== 'scale' || !NOT_MADE.has(outcome) || isSoon || isGone) return refusals
  // What a person asks for too much says nothing of what a container needs.
  const kind = error === 'HOST_CAPACITY' && isDecidedByModel(entry) ? 'of_host' : 'others'
  const before = refusals[kind][vmid]
  if (before === undefined && Object.keys(refusals[kind]).length >= MOST_CONTAINERS) return refusals
  const refused = {
    name: name ?? before?.name ?? null,
    text: message.slice(0, MOST_TEXT_CHARACTERS),
    code: error,
    times_ms: [...(before?.times_ms ?? []), nowMs].slice(-MOST_TIMES),
  }
  return { ...refusals, [kind]: { ...refusals[kind], [vmid]: refused } }
}

/** Those of the last hour. */
export function recentRefusals({ of_host: ofHost, others }: Refusals, nowMs: number): Refusals {
  return { of_host: recent(ofHost, nowMs), others: recent(others, nowMs) }
}

function recent(refusals: Refusals['others'], nowMs: number): Refusals['others'] {
  const kept = Object.entries(refusals).flatMap(([vmid, refused]) => {
    const times = refused.times_ms.filter(timeMs => timeMs <= nowMs && nowMs - timeMs < MS_PER_HOUR)
    return times.length === 0 ? [] : [[vmid, { ...refused, times_ms: times }] as const]
  })
  return Object.fromEntries(kept)
}
