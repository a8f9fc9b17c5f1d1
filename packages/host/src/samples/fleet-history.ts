import { type ContainerSample, type MetricsCycle, MS_PER_MINUTE } from '@lxc-autoscale/core'
import { ContainerHistory } from './container-history.ts'
import { implausible, plausibleHost } from './implausible.ts'
import type { NewSample } from './new-sample.ts'

/** The usual interval is the median of so many. */
const INTERVALS_REMEMBERED = 15
const FEWEST_INTERVALS = 2
/** A time so far ahead of the clock says that the clock was set back. */
const CLOCK_TOLERANCE_MS = MS_PER_MINUTE

/** By container the time of the newest sample that was learned before a restart. */
type Learned = ReadonlyMap<number, { readonly newestMs: number }>

/**
 * The series of all containers, and the one place that says which samples of a cycle are new. It marks them by a time of its own: that of
 * the clock, moved on by as much as the clock was ever set back, so that it never falls. A step forward is a jump in it; how much time really
 * passed, steady time says.
 */
export class FleetHistory {
  readonly #containers = new Map<number, ContainerHistory>()
  readonly #learned: Learned
  readonly #steadyOf: ((clockMs: number) => number) | undefined
  readonly #intervalsMs: number[] = []
  #newestMs: number | undefined
  #intervalMs: number | undefined
  /** By how much its time is ahead of the clock. */
  #aheadMs = 0

  /** @param steadyOf what a moment of the clock is by steady time; without it the marks are the time */
  constructor(learned: Learned = new Map(), steadyOf?: (clockMs: number) => number) {
    this.#learned = learned
    this.#steadyOf = steadyOf
  }

  /** When the newest sample of all was taken by the clock, milliseconds since 1970; undefined before the first. */
  get newestMs(): number | undefined {
    return this.#newestMs === undefined ? undefined : this.#newestMs - this.#aheadMs
  }

  /** Usual time between two cycles; undefined before the third. */
  get intervalMs(): number | undefined {
    return this.#intervalMs
  }

  /**
   * The new samples of a cycle. Left out is what is not newer than what is known of its container, what lies in the future, and what
   * cannot be true.
   * @param nowMs wall clock; a known sample that lies after it says that the clock was set back
   * @param refuse told of each new sample that cannot be true
   */
  add(
    { containers, summary }: MetricsCycle,
    nowMs = Number.POSITIVE_INFINITY,
    refuse: (vmid: number, problem: string) => void = () => undefined,
  ): readonly NewSample[] {
    this.#noticeClock(nowMs)
    const latestMs = nowMs + CLOCK_TOLERANCE_MS
    const cycleMs = newestTime(containers, latestMs) ?? emptyCycleTime(containers, summary, latestMs)
    if (cycleMs === undefined) return []
    this.#noteTime(cycleMs + this.#aheadMs)
    const host = summary && plausibleHost(summary)
    const added: NewSample[] = []
    const steadyOf = this.#steadyOf && askedOnce(this.#steadyOf)
    for (const [vmid, sample] of containers) {
      const container = this.#container(vmid)
      const markMs = sample.timestampMs + this.#aheadMs
      const timeMs = steadyOf?.(sample.timestampMs) ?? markMs
      if (sample.timestampMs > cycleMs || !container.isNew(markMs, timeMs)) continue
      const problem = implausible(sample, { before: container.newest, host })
      const each = problem === undefined ? container.add(sample, this.#intervalMs) : undefined
      if (problem !== undefined) refuse(vmid, problem)
      else if (each !== undefined) added.push(each)
    }
    return added
  }

  /** Forgets the containers whose newest sample is more than `windowMs` older than the newest of all, and names them. */
  forgetVanished(windowMs: number): readonly number[] {
    const containers = [...this.#containers.values()]
    const newestMs = containers.reduce((newest, { seenMs }) => Math.max(newest, seenMs), Number.NEGATIVE_INFINITY)
    const vanished = containers.filter(({ seenMs }) => seenMs < newestMs - windowMs)
    for (const { vmid } of vanished) this.#containers.delete(vmid)
    return vanished.map(({ vmid }) => vmid)
  }

  /** Forgets containers of which nothing is of use any more. */
  forget(vmids: Iterable<number>): void {
    for (const vmid of vmids) this.#containers.delete(vmid)
  }

  #container(vmid: number): ContainerHistory {
    const known = this.#containers.get(vmid)
    if (known !== undefined) return known
    const history = new ContainerHistory(vmid, this.#learned.get(vmid)?.newestMs)
    this.#containers.set(vmid, history)
    return history
  }

  /** After the clock was set back the samples that come next are newer than all that is known, though by the clock they are not. */
  #noticeClock(nowMs: number): void {
    const latestMs = this.#newestMs ?? Math.max(...[...this.#learned.values()].map(({ newestMs }) => newestMs))
    const setBackMs = latestMs - (nowMs + this.#aheadMs)
    if (setBackMs <= CLOCK_TOLERANCE_MS) return
    this.#aheadMs += setBackMs + CLOCK_TOLERANCE_MS
    for (const container of this.#containers.values()) container.clockWasSet()
  }

  #noteTime(cycleMs: number): void {
    if (this.#newestMs !== undefined && cycleMs <= this.#newestMs) return
    if (this.#newestMs !== undefined) this.#intervalsMs.push(cycleMs - this.#newestMs)
    if (this.#intervalsMs.length > INTERVALS_REMEMBERED) this.#intervalsMs.shift()
    if (this.#intervalsMs.length >= FEWEST_INTERVALS) this.#intervalMs = median(this.#intervalsMs)
    this.#newestMs = cycleMs
  }
}

/** Most samples of a cycle are of one moment, and to ask what time it is takes longer than all else that is done with one. */
function askedOnce(steadyOf: (clockMs: number) => number): (clockMs: number) => number {
  let [askedMs, steadyMs] = [Number.NaN, 0]
  return clockMs => {
    if (clockMs !== askedMs) steadyMs = steadyOf(clockMs)
    askedMs = clockMs
    return steadyMs
  }
}

/** Undefined when all lie after `latestMs`. */
function newestTime(containers: ReadonlyMap<number, ContainerSample>, latestMs: number): number | undefined {
  let newestMs: number | undefined
  for (const { timestampMs } of containers.values()) {
    if (timestampMs <= latestMs && (newestMs === undefined || timestampMs > newestMs)) newestMs = timestampMs
  }
  return newestMs
}

/** Where nothing runs there is nothing to measure, and the cycle is as good as any. */
function emptyCycleTime(
  containers: MetricsCycle['containers'],
  summary: MetricsCycle['summary'],
  latestMs: number,
): number | undefined {
  const endMs = containers.size === 0 ? summary?.collectionEndMs : undefined
  return endMs !== undefined && endMs <= latestMs ? endMs : undefined
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
