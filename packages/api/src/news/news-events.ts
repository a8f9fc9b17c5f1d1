import { z } from 'zod'

/** What people can be told of. `config/README.md` and docs/notifications.md list them. */
export const NEWS_EVENTS = [
  'killed',
  'abnormal',
  'at_maximum',
  'refused',
  'host_short',
  'daemon_trouble',
  'daily_summary',
] as const
export type NewsEvent = (typeof NEWS_EVENTS)[number]

/** All but `abnormal`, which is a hint and no trouble. */
export const USUAL_EVENTS: readonly NewsEvent[] = NEWS_EVENTS.filter(event => event !== 'abnormal')

/** What a message can tell of: also that one was asked for to see whether it arrives. */
export const ITEM_EVENTS = [...NEWS_EVENTS, 'test'] as const

/** Something that people are to be told, in words made where it is known. JSON-safe: it is kept until it is sent. */
export const NewsItem = z.object({
  event: z.enum(ITEM_EVENTS),
  /** A moment, or the begin or the end of a state. */
  state: z.enum(['happened', 'began', 'ended']),
  /** What it is about; two of one topic and state that wait are told as one. */
  topic: z.string(),
  /** Null when it is about the host. */
  vmid: z.number().nullable(),
  name: z.string().nullable(),
  at_ms: z.number(),
  /** How often it happened. */
  count: z.number(),
  /** What happened, on one line, without whom. */
  what: z.string(),
  /** Further lines: why, the figures. */
  detail: z.string(),
  /** What a person can do; empty when nothing is to be done. */
  advice: z.string(),
})
export type NewsItem = z.output<typeof NewsItem>
