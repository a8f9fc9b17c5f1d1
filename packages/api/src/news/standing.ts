import { lastingText } from '@lxc-autoscale/core'
import { z } from 'zod'
import { NEWS_EVENTS, type NewsEvent, type NewsItem } from './news-events.ts'

/** A state that stands at this moment, as it is seen now. */
export interface SeenState extends Pick<NewsItem, 'topic' | 'vmid' | 'name' | 'what' | 'detail' | 'advice'> {
  readonly event: NewsEvent
}

/** A state that was seen, and maybe told; JSON-safe, for the next process. */
export const StandingState = z.object({
  event: z.enum(NEWS_EVENTS),
  vmid: z.number().nullable(),
  name: z.string().nullable(),
  what: z.string(),
  since_ms: z.number(),
  seen_ms: z.number(),
  is_told: z.boolean(),
})
export type StandingState = z.output<typeof StandingState>

/** How long a state is looked at before anything is told. */
export interface Patience {
  /** So long it must have been seen before it is told. */
  readonly standsMs: number
  /** So long it must not have been seen before it is over. */
  readonly quietMs: number
}

export interface Standing {
  /** By topic. */
  readonly states: Readonly<Record<string, StandingState>>
  readonly items: readonly NewsItem[]
}

interface Look {
  readonly nowMs: number
  /** The events of which something is known now. */
  readonly known: ReadonlySet<NewsEvent>
  readonly patience: (event: NewsEvent) => Patience
}

/**
 * What is to be told of states after a look at `nowMs`, and what is to be remembered. States of events that are not `known` now
 * stay as they are: that nothing tells of them does not mean that they are over.
 */
export function followStates(before: Standing['states'], seen: readonly SeenState[], look: Look): Standing {
  const now = seen.map(state => stillSeen(before[state.topic], state, look))
  const topics = new Set(seen.map(({ topic }) => topic))
  const unseen = Object.entries(before).filter(([topic]) => !topics.has(topic))
  const all = [...now, ...unseen.map(([topic, state]) => notSeen(topic, state, look))]
  return {
    states: Object.fromEntries(all.flatMap(({ topic, state }) => (state === undefined ? [] : [[topic, state]]))),
    items: all.flatMap(({ item }) => item ?? []),
  }
}

interface Followed {
  readonly topic: string
  /** Undefined when it is over. */
  readonly state: StandingState | undefined
  readonly item: NewsItem | undefined
}

function stillSeen(
  earlier: StandingState | undefined,
  { topic, event, vmid, name, what, detail, advice }: SeenState,
  { nowMs, patience }: Look,
): Followed {
  const { standsMs, quietMs } = patience(event)
  const wasTold = earlier?.is_told === true
  const isSame = earlier !== undefined && (wasTold || nowMs - earlier.seen_ms <= quietMs)
  const sinceMs = isSame ? Math.min(earlier.since_ms, nowMs) : nowMs
  const isToTell = !wasTold && nowMs - sinceMs >= standsMs
  return {
    topic,
    state: { event, vmid, name, what, since_ms: sinceMs, seen_ms: nowMs, is_told: wasTold || isToTell },
    item: isToTell
      ? { event, state: 'began', topic, vmid, name, at_ms: nowMs, count: 1, what, detail, advice }
      : undefined,
  }
}

function notSeen(topic: string, state: StandingState, { nowMs, known, patience }: Look): Followed {
  const { event, vmid, name, what, since_ms: sinceMs, is_told: wasTold } = state
  const isKnown = known.has(event)
  // By a clock that was set back nothing was seen later than now. While nobody knows, the quiet does not begin.
  const seenMs = wasTold && !isKnown ? nowMs : Math.min(state.seen_ms, nowMs)
  const isOver = nowMs - seenMs >= patience(event).quietMs && (isKnown || !wasTold)
  if (!isOver) return { topic, state: { ...state, seen_ms: seenMs }, item: undefined }
  const detail = `It stood for ${lastingText(nowMs - Math.min(sinceMs, nowMs))}.`
  const item: NewsItem = {
    event,
    state: 'ended',
    topic,
    vmid,
    name,
    at_ms: nowMs,
    count: 1,
    what,
    detail,
    advice: '',
  }
  return { topic, state: undefined, item: wasTold ? item : undefined }
}
