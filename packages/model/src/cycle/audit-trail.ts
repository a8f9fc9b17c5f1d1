import {
  AllocationBody,
  API_ITSELF,
  FORMER_MODEL_KEY_NAME,
  type HistoryBody,
  type HistoryEntryBody,
  isDecidedByModel,
  MS_PER_SECOND,
  mayHaveMoved,
} from '@lxc-autoscale/core'
import type { ScalingClient } from '../client/scaling-client.ts'
import type { Limits } from '../policy/limits.ts'
import type { PastChange } from '../policy/past-change.ts'
import type { SteadyTime } from './steady-time.ts'

/** A change that was made, and the container that it was made to. */
export interface ToldChange extends PastChange {
  readonly vmid: number
}

/** Entries of one request: many at the start, later the few that came since, and many again if these are not all. */
const LARGE_PAGE = 1_000
const SMALL_PAGE = 20
const MOST_PAGES = 20
/** So many entries are known again; more never come back. */
const MOST_KNOWN = 2 * LARGE_PAGE * MOST_PAGES

type Caller = HistoryBody['caller']

/** Follows the audit log of the API: what was made of it is told once. */
export class AuditTrail {
  readonly #time: SteadyTime
  readonly #known = new Set<string>()
  #isBegun = false

  constructor(time: SteadyTime) {
    this.#time = time
  }

  /**
   * The changes that are not told yet, the older first; at first those of the last `reachMs`. Entries are found by their number
   * and never by their time, which the clock of the host gave them.
   * @throws {AutoscaleError} as `ScalingClient.fetchHistory` does; then the next call tells what this one would have.
   */
  async read(api: ScalingClient, reachMs: number, signal: AbortSignal): Promise<readonly ToldChange[]> {
    const fresh = new Map<string, HistoryEntryBody>()
    let caller: Caller | undefined
    for (let page = 0, skip = 0; page < MOST_PAGES; page++) {
      const limit = page === 0 && this.#isBegun ? SMALL_PAGE : LARGE_PAGE
      const { entries, caller: asking } = await api.fetchHistory({ limit, skip }, signal)
      skip += limit
      caller = asking
      const made = entries.filter(mayHaveMoved)
      const unknown = made.filter(({ id }) => !this.#known.has(id) && !fresh.has(id))
      for (const entry of unknown) fresh.set(entry.id, entry)
      const isOld = made.every(entry => this.#timeOf(entry) < this.#time.nowMs() - reachMs)
      // The log is read from its end without a gap, so what is older than something known is known.
      if (entries.length < limit || (made.length > 0 && (isOld || unknown.length < made.length))) break
    }
    this.#isBegun = true
    this.#remember(fresh.keys())
    return [...fresh.values()].reverse().flatMap(entry => (caller === undefined ? [] : this.#told(entry, caller)))
  }

  #remember(ids: Iterable<string>): void {
    for (const id of ids) this.#known.add(id)
    for (const id of this.#known) {
      if (this.#known.size <= MOST_KNOWN) return
      this.#known.delete(id)
    }
  }

  #told(entry: HistoryEntryBody, caller: Caller): ToldChange[] {
    const atMs = this.#timeOf(entry)
    const endMs = atMs + (entry.duration_seconds ?? 0) * MS_PER_SECOND
    const { lxc_id: vmid, idempotency_key: key } = entry
    const [before, after] = [limitsOf(entry.before), limitsOf(entry.after)]
    const by = madeBy(entry, caller)
    const change = { vmid, by, key: key ?? undefined, atMs, endMs, before, after }
    // Who set what a change of ours overwrote is a person, whose will counts.
    const overwritten = limitsOf(entry.overwritten)
    if (overwritten === undefined || by === 'person') return [change]
    return [change, { ...change, by: 'person', key: undefined, before: overwritten }]
  }

  /** An entry of an API that does not tell of boots has its time by the clock only. */
  #timeOf({ boot, time }: HistoryEntryBody): number {
    return boot === undefined ? this.#time.ofClock(Date.parse(time)) : this.#time.ofBoot(boot)
  }
}

function madeBy(entry: HistoryEntryBody, caller: Caller): PastChange['by'] {
  const { who, boost } = entry
  if (boost !== undefined) return 'boost'
  if (who.key === API_ITSELF.key && who.role === API_ITSELF.role) return 'api'
  const isOurKey = who.key === caller.key || who.key === FORMER_MODEL_KEY_NAME
  return isOurKey && isDecidedByModel(entry) ? 'us' : 'person'
}

function limitsOf(body: unknown): Limits | undefined {
  const { data } = AllocationBody.safeParse(body)
  return data && { cores: data.cores, cpuLimit: data.cpulimit, memoryMb: data.memory_mb, swapMb: data.swap_mb }
}
