import { MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { Allocation, Circumstances, Decision, LocalSample } from './decision.ts'
import { directionOf } from './decision.ts'
import { Refusal, type Refused, standing, withRefused } from './refusals.ts'

const VERSION = 1
const MOST_DOUBLINGS = 4
/** Kills that follow each other within this are one event: one that needs more and more until it is enough. */
const SAME_EVENT_MS = MS_PER_HOUR

const time = z.number().optional()

/** What is kept of a container, in memory and in the saved state. Times are milliseconds; absent = it never happened. */
const SafetyState = z.object({
  version: z.literal(VERSION),
  firstSeenMs: time,
  known: z.object({ cores: z.number().optional(), memoryMb: z.number().optional() }).transform(toAllocation),
  truceUntilMs: time,
  quarantineUntilMs: time,
  quarantineLevel: z.int().min(0).max(MOST_DOUBLINGS),
  lastKillMs: time,
  /** A kill inside a limit of its own. */
  lastInnerKillMs: time,
  lastChangeMs: time,
  lastGrowthMs: time,
  lastMemoryShrinkMs: time,
  changesMs: z.array(z.number()),
  refusals: z.array(Refusal).readonly().default([]),
})
export type SafetyState = z.output<typeof SafetyState>

const NOTHING: SafetyState = SafetyState.parse({ version: VERSION, known: {}, quarantineLevel: 0, changesMs: [] })

/** How long the settings hold a container, milliseconds. */
export interface Holds {
  readonly truceMs: number
  readonly quarantineMs: number
}

/** What the safety rules remember of one container: changes, kills, changes by a person. Times are milliseconds. */
export class SafetyMemory {
  #state: SafetyState
  /** What we asked for last; it may have come true although the answer was a failure. */
  #attempted: Allocation | undefined
  #leastMemoryMb: number | undefined

  constructor(saved: unknown) {
    // A damaged one is forgotten, and the container is watched anew.
    this.#state = SafetyState.safeParse(saved).data ?? NOTHING
  }

  get state(): SafetyState {
    return this.#state
  }

  /** Learns from a sample: when the container was seen first, and kills for lack of memory. */
  observe({ timestampMs, memoryEvents }: LocalSample, { quarantineMs }: Holds): void {
    this.#update({ firstSeenMs: Math.min(this.#state.firstSeenMs ?? timestampMs, timestampMs) })
    if ((memoryEvents?.oomKill ?? 0) > 0) this.#quarantine(timestampMs, quarantineMs)
    if ((memoryEvents?.innerOomKill ?? 0) > 0) this.#update({ lastInnerKillMs: timestampMs })
  }

  /** Learns what is configured now; an allocation that is not ours was set by a person, and starts a truce. */
  see({ allocation, leastMemoryMb, nowMs }: Circumstances, { truceMs, quarantineMs }: Holds): void {
    this.#believeClock(nowMs, { truceMs, quarantineMs })
    const { known } = this.#state
    const isOurs = isSame(allocation, known) || (this.#attempted !== undefined && isSame(allocation, this.#attempted))
    if (!isOurs) this.#update({ truceUntilMs: nowMs + truceMs })
    this.#attempted = undefined
    this.#update({
      known: { cores: allocation.cores ?? known.cores, memoryMb: allocation.memoryMb ?? known.memoryMb },
      refusals: standing(this.#state.refusals, allocation, leastMemoryMb),
    })
    this.#leastMemoryMb = leastMemoryMb
  }

  attempt({ to }: Decision): void {
    this.#attempted = to
  }

  /** The container has `allocation` now, by us. */
  applied(allocation: Allocation, nowMs: number): void {
    const { known, lastGrowthMs, lastMemoryShrinkMs } = this.#state
    const cores = directionOf(known.cores, allocation.cores)
    const memory = directionOf(known.memoryMb, allocation.memoryMb)
    this.#update({
      known: { cores: allocation.cores ?? known.cores, memoryMb: allocation.memoryMb ?? known.memoryMb },
      lastChangeMs: nowMs,
      lastGrowthMs: cores === 'up' || memory === 'up' ? nowMs : lastGrowthMs,
      lastMemoryShrinkMs: memory === 'down' ? nowMs : lastMemoryShrinkMs,
      changesMs: [...this.#recent(nowMs), nowMs],
    })
    this.#attempted = undefined
  }

  /**
   * A change did not come about: the pauses begin all the same.
   * @param refused what the API said no to, which is asked for again later and later
   */
  failed(nowMs: number, refused?: Refused): void {
    const { refusals } = this.#state
    this.#update({
      lastChangeMs: nowMs,
      lastGrowthMs: nowMs,
      refusals:
        refused === undefined
          ? refusals
          : withRefused(refusals, refused, { atMs: nowMs, leastMemoryMb: this.#leastMemoryMb }),
    })
  }

  recentChanges(nowMs: number): number {
    return this.#recent(nowMs).length
  }

  /** After the clock was set back nothing has happened in the future, and no pause is longer than it can be. */
  #believeClock(nowMs: number, { truceMs, quarantineMs }: Holds): void {
    const { firstSeenMs, lastChangeMs, lastGrowthMs, lastMemoryShrinkMs, changesMs, ...rest } = this.#state
    const refusedMs = rest.refusals.map(({ atMs }) => atMs)
    const latestMs = Math.max(lastChangeMs ?? 0, lastGrowthMs ?? 0, lastMemoryShrinkMs ?? 0, ...refusedMs)
    const longestMs = quarantineMs * 2 ** MOST_DOUBLINGS
    const isTruceTooLong = (rest.truceUntilMs ?? 0) > nowMs + truceMs
    if (latestMs <= nowMs && !isTruceTooLong && (rest.quarantineUntilMs ?? 0) <= nowMs + longestMs) return
    const past = (timeMs: number | undefined) => (timeMs === undefined ? undefined : Math.min(timeMs, nowMs))
    this.#update({
      firstSeenMs: past(firstSeenMs),
      lastChangeMs: past(lastChangeMs),
      lastGrowthMs: past(lastGrowthMs),
      lastMemoryShrinkMs: past(lastMemoryShrinkMs),
      lastKillMs: past(rest.lastKillMs),
      lastInnerKillMs: past(rest.lastInnerKillMs),
      refusals: rest.refusals.map(refusal => ({ ...refusal, atMs: Math.min(refusal.atMs, nowMs) })),
      changesMs: changesMs.map(timeMs => Math.min(timeMs, nowMs)),
      truceUntilMs: rest.truceUntilMs === undefined ? undefined : Math.min(rest.truceUntilMs, nowMs + truceMs),
      quarantineUntilMs:
        rest.quarantineUntilMs === undefined ? undefined : Math.min(rest.quarantineUntilMs, nowMs + longestMs),
    })
  }

  #recent(nowMs: number): number[] {
    return this.#state.changesMs.filter(timeMs => timeMs > nowMs - MS_PER_HOUR)
  }

  #quarantine(timeMs: number, baseMs: number): void {
    const { quarantineUntilMs, quarantineLevel, lastKillMs } = this.#state
    const isSameEvent = lastKillMs !== undefined && timeMs < lastKillMs + SAME_EVENT_MS
    const isAgain = quarantineUntilMs !== undefined && timeMs < quarantineUntilMs + baseMs * 2 ** quarantineLevel
    const doubled = isAgain ? Math.min(MOST_DOUBLINGS, quarantineLevel + 1) : 0
    const level = isSameEvent ? quarantineLevel : doubled
    this.#update({ quarantineLevel: level, quarantineUntilMs: timeMs + baseMs * 2 ** level, lastKillMs: timeMs })
  }

  #update(change: Partial<SafetyState>): void {
    this.#state = { ...this.#state, ...change }
  }
}

/** Whether two allocations say the same as far as both are known. */
function isSame(a: Allocation, b: Allocation): boolean {
  return isSameValue(a.cores, b.cores) && isSameValue(a.memoryMb, b.memoryMb)
}

function isSameValue(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || Math.abs(a - b) < 1e-6
}

function toAllocation({ cores, memoryMb }: Partial<Allocation>): Allocation {
  return { cores, memoryMb }
}
