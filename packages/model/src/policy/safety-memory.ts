import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { Circumstances, LocalSample } from './decision.ts'
import { isSameLimits, Limits, withTold } from './limits.ts'
import { type PastChange, type Resource, wentOf } from './past-change.ts'
import { Refusal, type Refused, type StandingRefusal, standing, withRefused } from './refusals.ts'

const VERSION = 1
const MOST_DOUBLINGS = 4
/** Kills that follow each other within this are one event: one that needs more and more until it is enough. */
const SAME_EVENT_MS = MS_PER_HOUR

const time = z.number().optional()

/**
 * What is saved of a container. Times are milliseconds by steady time; absent = it never happened. What the audit log tells
 * is not saved: it is read there again.
 */
const SavedSafety = z.object({
  version: z.literal(VERSION),
  /** How long it was watched, gaps left out, and the newest sample. */
  observedMs: z.number().min(0).default(0),
  newestMs: time,
  /** What it had when it was looked at last, and when that was. */
  limits: Limits.optional(),
  limitsAtMs: time,
  truceUntilMs: time,
  quarantineUntilMs: time,
  quarantineLevel: z.int().min(0).max(MOST_DOUBLINGS),
  lastKillMs: time,
  /** A kill inside a limit of its own. */
  lastInnerKillMs: time,
  refusals: z.array(Refusal).readonly().default([]),
})
type SavedSafety = z.output<typeof SavedSafety>

const NOTHING: SavedSafety = SavedSafety.parse({ version: VERSION, quarantineLevel: 0 })

/** What the safety rules go by of what has happened. Times are milliseconds; undefined = it never happened. */
export interface SafetyFacts
  extends Pick<SavedSafety, 'observedMs' | 'truceUntilMs' | 'quarantineUntilMs' | 'lastKillMs' | 'lastInnerKillMs'> {
  readonly lastChangeMs: number | undefined
  readonly lastGrowthMs: number | undefined
  readonly lastMemoryShrinkMs: number | undefined
  /** When a change did not come about. */
  readonly lastFailureMs: number | undefined
  /** What was refused or taken back. */
  readonly refusals: readonly StandingRefusal[]
  /** Changes of ours in the last hour, the older first. */
  readonly recentChangesMs: readonly number[]
}

/** How long the settings hold a container, milliseconds. */
export interface Holds {
  readonly truceMs: number
  readonly quarantineMs: number
}

/** A difference that nobody has explained yet, taken for a person's doing. */
interface Unexplained {
  readonly limits: Limits
  /** The truce that there is without it. */
  truceUntilMs: number | undefined
}

interface OwnChange {
  readonly key: string | undefined
  readonly atMs: number
}

interface TakenBack {
  readonly resource: Resource
  readonly atMs: number
}

/** What the safety rules remember of one container: changes, kills, changes by a person. Times are milliseconds by steady time. */
export class SafetyMemory {
  readonly #state: SavedSafety
  #changes: readonly OwnChange[] = []
  #takenBack: readonly TakenBack[] = []
  #lastChangeMs: number | undefined
  #lastGrowthMs: number | undefined
  #lastMemoryShrinkMs: number | undefined
  #lastFailureMs: number | undefined
  #unexplained: Unexplained | undefined
  #leastMemoryMb: number | undefined
  #holdsBegun = 0

  /** @param lost what `saved` was is lost, or cannot be used: a quarantine that is not known may stand until then */
  constructor(saved: unknown, lost: { readonly isLost: boolean; readonly untilMs: number | undefined }) {
    const { data } = SavedSafety.safeParse(saved)
    const isLost = lost.isLost || (saved !== undefined && data === undefined)
    this.#state = data ?? { ...NOTHING }
    if (isLost) this.#update({ quarantineUntilMs: lost.untilMs })
  }

  /** What is to be saved. */
  get state(): SavedSafety {
    return { ...this.#state }
  }

  /** How long the container is watched. */
  get observedMs(): number {
    return this.#state.observedMs
  }

  /** How many truces and quarantines have begun: whoever saves knows by it that there is a new one. */
  get holdsBegun(): number {
    return this.#holdsBegun
  }

  facts(nowMs: number): SafetyFacts {
    const { observedMs, truceUntilMs, quarantineUntilMs, lastKillMs, lastInnerKillMs, refusals } = this.#state
    return {
      observedMs,
      truceUntilMs,
      quarantineUntilMs,
      lastKillMs,
      lastInnerKillMs,
      lastChangeMs: this.#lastChangeMs,
      lastGrowthMs: this.#lastGrowthMs,
      lastMemoryShrinkMs: this.#lastMemoryShrinkMs,
      lastFailureMs: this.#lastFailureMs,
      refusals: this.#takenBack.length === 0 ? refusals : [...takenBackRefusals(this.#takenBack), ...refusals],
      recentChangesMs: this.#changes.map(({ atMs }) => atMs).filter(atMs => atMs > nowMs - MS_PER_HOUR),
    }
  }

  /**
   * Learns from a sample: how long the container is watched, and kills for lack of memory.
   * @param learnedMs now: a quarantine is counted from when the kill became known, since a sample tells only the clock of its time
   */
  observe({ timestampMs, isAfterGap = false, memoryEvents }: LocalSample, holds: () => Holds, learnedMs: number): void {
    const state = this.#state
    const newestMs = state.newestMs ?? timestampMs
    if (!isAfterGap) state.observedMs += Math.max(0, timestampMs - newestMs)
    state.newestMs = Math.max(newestMs, timestampMs)
    if ((memoryEvents?.oomKill ?? 0) > 0) this.#quarantine(timestampMs, learnedMs, holds().quarantineMs)
    if ((memoryEvents?.innerOomKill ?? 0) > 0) this.#update({ lastInnerKillMs: learnedMs })
  }

  /** What it was watched before counts no more. */
  watchAnew(): void {
    this.#update({ observedMs: 0 })
  }

  /** Learns of a change that was made. Each is told once, the older first; one of ours may be told again with its key. */
  note(change: PastChange, { truceMs }: Holds): void {
    const { by, key, atMs, endMs, after } = change
    if (by === 'us' && key !== undefined && this.#changes.some(known => known.key === key)) return
    if (by === 'person') this.#beginTruce(atMs + truceMs)
    else this.#noteSized(change)
    if (by === 'us') this.#changes = [...this.#changes.filter(known => known.atMs > atMs - MS_PER_HOUR), { key, atMs }]
    if (by !== 'person' && after !== undefined) this.#explain(after)
    if (endMs >= (this.#state.limitsAtMs ?? endMs))
      this.#update({ limits: after && withTold(this.#state.limits ?? {}, after) })
  }

  /** Learns what is configured now; what nobody has explained was set by a person, and starts a truce. */
  see(circumstances: Circumstances, holds: Holds): void {
    const { allocation, leastMemoryMb, nowMs, askedMs = nowMs } = circumstances
    const { limits = {} } = this.#state
    const has: Limits = circumstances.limits ?? allocation
    this.#endLongHolds(nowMs, holds)
    if (!isSameLimits(has, limits)) {
      this.#unexplained = { limits: has, truceUntilMs: this.#state.truceUntilMs }
      this.#holdsBegun += 1
      this.#update({ truceUntilMs: nowMs + holds.truceMs })
    }
    this.#leastMemoryMb = leastMemoryMb
    const state = this.#state
    state.limits = withTold(limits, has)
    state.limitsAtMs = askedMs
    if (state.refusals.length > 0) state.refusals = standing(state.refusals, allocation, leastMemoryMb)
  }

  /**
   * A change did not come about: the pauses begin all the same.
   * @param refused what the API said no to, which is asked for again later and later
   */
  failed(nowMs: number, refused?: Refused): void {
    const { refusals } = this.#state
    this.#lastChangeMs = nowMs
    this.#lastGrowthMs = nowMs
    this.#lastFailureMs = nowMs
    if (refused === undefined) return
    this.#update({ refusals: withRefused(refusals, refused, { atMs: nowMs, leastMemoryMb: this.#leastMemoryMb }) })
  }

  /** A truce by the change of a person that is known for one; the one that was only thought to be may go on without it. */
  #beginTruce(untilMs: number): void {
    const { truceUntilMs = untilMs } = this.#state
    this.#holdsBegun += 1
    this.#update({ truceUntilMs: Math.max(truceUntilMs, untilMs) })
    if (this.#unexplained === undefined) return
    this.#unexplained.truceUntilMs = Math.max(this.#unexplained.truceUntilMs ?? untilMs, untilMs)
  }

  #noteSized(change: PastChange): void {
    const { by, atMs } = change
    const [cores, memory] = [wentOf(change, 'cores'), wentOf(change, 'memory')]
    this.#lastChangeMs = latest(this.#lastChangeMs, atMs)
    if (cores === 'up' || memory === 'up') this.#lastGrowthMs = latest(this.#lastGrowthMs, atMs)
    if (memory === 'down') this.#lastMemoryShrinkMs = latest(this.#lastMemoryShrinkMs, atMs)
    if (by !== 'api') return
    const resources: readonly Resource[] = [
      ...(cores === 'up' ? ['cores' as const] : []),
      ...(memory === 'up' ? ['memory' as const] : []),
    ]
    const kept = this.#takenBack.filter(known => known.atMs > atMs - MS_PER_DAY)
    this.#takenBack = [...kept, ...resources.map(resource => ({ resource, atMs }))]
  }

  /** A change of ours that was still being made when the container was looked at is no person's. */
  #explain(after: Limits): void {
    if (this.#unexplained === undefined || !isSameLimits(after, this.#unexplained.limits)) return
    this.#update({ truceUntilMs: this.#unexplained.truceUntilMs })
    this.#unexplained = undefined
  }

  /** No pause is longer than the settings say, which may be others by now. */
  #endLongHolds(nowMs: number, { truceMs, quarantineMs }: Holds): void {
    const state = this.#state
    const { truceUntilMs, quarantineUntilMs } = state
    const quarantinedMs = quarantineMs * 2 ** MOST_DOUBLINGS
    state.truceUntilMs = truceUntilMs && Math.min(truceUntilMs, nowMs + truceMs)
    state.quarantineUntilMs = quarantineUntilMs && Math.min(quarantineUntilMs, nowMs + quarantinedMs)
  }

  #quarantine(timeMs: number, learnedMs: number, baseMs: number): void {
    const { quarantineUntilMs, quarantineLevel, lastKillMs } = this.#state
    const isSameEvent = lastKillMs !== undefined && timeMs < lastKillMs + SAME_EVENT_MS
    const isAgain = quarantineUntilMs !== undefined && learnedMs < quarantineUntilMs + baseMs * 2 ** quarantineLevel
    const doubled = isAgain ? Math.min(MOST_DOUBLINGS, quarantineLevel + 1) : 0
    const level = isSameEvent ? quarantineLevel : doubled
    if (!isSameEvent) this.#holdsBegun += 1
    this.#update({ quarantineLevel: level, quarantineUntilMs: learnedMs + baseMs * 2 ** level, lastKillMs: timeMs })
  }

  #update(change: Partial<SavedSafety>): void {
    Object.assign(this.#state, change)
  }
}

/** What the API took back it would take back again: as if it had refused it, each time in a day counted. */
function takenBackRefusals(takenBack: readonly TakenBack[]): StandingRefusal[] {
  return (['cores', 'memory'] as const).flatMap(resource => {
    const times = takenBack.filter(each => each.resource === resource)
    const atMs = times.at(-1)?.atMs
    if (atMs === undefined) return []
    return [{ resource, direction: 'down' as const, times: times.length, atMs, from: 0, isTakenBack: true }]
  })
}

function latest(knownMs: number | undefined, timeMs: number): number {
  return Math.max(knownMs ?? timeMs, timeMs)
}
