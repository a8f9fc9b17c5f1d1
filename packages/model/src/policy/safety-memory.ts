import type { Allocation, Decision, LocalSample } from './decision.ts'
import { directionOf } from './decision.ts'

const VERSION = 1
const MS_PER_HOUR = 3_600_000
const MOST_DOUBLINGS = 4
/** Kills that follow each other within this are one event: one that needs more and more until it is enough. */
const SAME_EVENT_MS = MS_PER_HOUR

interface SavedSafety {
  readonly version: typeof VERSION
  readonly firstSeenMs: number | undefined
  readonly known: Allocation
  readonly truceUntilMs: number | undefined
  readonly quarantineUntilMs: number | undefined
  readonly quarantineLevel: number
  readonly lastKillMs: number | undefined
  readonly lastChangeMs: number | undefined
  readonly lastGrowthMs: number | undefined
  readonly lastMemoryShrinkMs: number | undefined
  readonly changesMs: readonly number[]
}

const NOTHING: SavedSafety = {
  version: VERSION,
  firstSeenMs: undefined,
  known: { cores: undefined, memoryMb: undefined },
  truceUntilMs: undefined,
  quarantineUntilMs: undefined,
  quarantineLevel: 0,
  lastKillMs: undefined,
  lastChangeMs: undefined,
  lastGrowthMs: undefined,
  lastMemoryShrinkMs: undefined,
  changesMs: [],
}

/** The pauses that the settings give, milliseconds. */
export interface Pauses {
  readonly truceMs: number
  readonly quarantineMs: number
}

/** What the safety rules remember of one container: changes, kills, changes by a person. Times are milliseconds. */
export class SafetyMemory {
  #state: SavedSafety
  /** What we asked for last; it may have come true although the answer was a failure. */
  #attempted: Allocation | undefined

  constructor(saved: unknown) {
    this.#state = readSaved(saved) ?? NOTHING
  }

  get state(): SavedSafety {
    return this.#state
  }

  /** Learns from a sample: when the container was seen first, and kills for lack of memory. */
  observe({ timestampMs, memoryEvents }: LocalSample, quarantineMs: number): void {
    this.#update({ firstSeenMs: Math.min(this.#state.firstSeenMs ?? timestampMs, timestampMs) })
    if ((memoryEvents?.oomKill ?? 0) > 0) this.#quarantine(timestampMs, quarantineMs)
  }

  /** Learns what is configured now; an allocation that is not ours was set by a person, and starts a truce. */
  see(allocation: Allocation, nowMs: number, { truceMs, quarantineMs }: Pauses): void {
    this.#believeClock(nowMs, { truceMs, quarantineMs })
    const { known } = this.#state
    const isOurs = isSame(allocation, known) || (this.#attempted !== undefined && isSame(allocation, this.#attempted))
    if (!isOurs) this.#update({ truceUntilMs: nowMs + truceMs })
    this.#attempted = undefined
    this.#update({
      known: { cores: allocation.cores ?? known.cores, memoryMb: allocation.memoryMb ?? known.memoryMb },
    })
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

  /** A change was refused or failed: the pauses begin all the same. */
  refused(nowMs: number): void {
    this.#update({ lastChangeMs: nowMs, lastGrowthMs: nowMs })
  }

  recentChanges(nowMs: number): number {
    return this.#recent(nowMs).length
  }

  /** After the clock was set back nothing has happened in the future, and no pause is longer than it can be. */
  #believeClock(nowMs: number, { truceMs, quarantineMs }: Pauses): void {
    const { firstSeenMs, lastChangeMs, lastGrowthMs, lastMemoryShrinkMs, changesMs, ...rest } = this.#state
    const latestMs = Math.max(lastChangeMs ?? 0, lastGrowthMs ?? 0, lastMemoryShrinkMs ?? 0)
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

  #update(change: Partial<SavedSafety>): void {
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

/** What was saved, if it is ours and whole; a damaged one is forgotten, and the container is watched anew. */
function readSaved(saved: unknown): SavedSafety | undefined {
  if (typeof saved !== 'object' || saved === null || !('version' in saved) || saved.version !== VERSION)
    return undefined
  const fields: Readonly<Record<string, unknown>> = { ...saved }
  const known: Readonly<Record<string, unknown>> = { ...(typeof fields['known'] === 'object' ? fields['known'] : {}) }
  const changes = Array.isArray(fields['changesMs']) ? fields['changesMs'] : []
  return {
    version: VERSION,
    firstSeenMs: finite(fields['firstSeenMs']),
    known: { cores: finite(known['cores']), memoryMb: finite(known['memoryMb']) },
    truceUntilMs: finite(fields['truceUntilMs']),
    quarantineUntilMs: finite(fields['quarantineUntilMs']),
    quarantineLevel: Math.min(MOST_DOUBLINGS, Math.max(0, Math.floor(finite(fields['quarantineLevel']) ?? 0))),
    lastKillMs: finite(fields['lastKillMs']),
    lastChangeMs: finite(fields['lastChangeMs']),
    lastGrowthMs: finite(fields['lastGrowthMs']),
    lastMemoryShrinkMs: finite(fields['lastMemoryShrinkMs']),
    changesMs: changes.flatMap(time => finite(time) ?? []),
  }
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
