import { type ContainerSample, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { CounterRates, NewSample } from './new-sample.ts'

/** So many usual intervals without a sample are a gap. */
const INTERVALS_TO_GAP = 5

const NO_RATES: CounterRates = { rxBytes: undefined, txBytes: undefined, reads: undefined, writes: undefined }

/** The series of samples of one container: sees that time only goes forward, and tells runs, gaps and the growth of counters. */
export class ContainerHistory {
  readonly vmid: number
  /** Samples up to this mark were learned before a restart. */
  readonly learnedMs: number
  #newest: ContainerSample | undefined
  #newestMs = Number.NEGATIVE_INFINITY
  #markMs = Number.NEGATIVE_INFINITY
  #seenMs = Number.NEGATIVE_INFINITY
  #isClockSet = false
  #runId: number | undefined

  constructor(vmid: number, learnedMs = Number.NEGATIVE_INFINITY) {
    this.vmid = vmid
    this.learnedMs = learnedMs
  }

  /** When the newest sample was taken, whether or not it can be true, by steady time. */
  get seenMs(): number {
    return this.#seenMs
  }

  /** The newest sample that can be true. */
  get newest(): ContainerSample | undefined {
    return this.#newest
  }

  /** Whether a sample of this mark is not known yet. It is from now on, as one of `timeMs`. */
  isNew(markMs: number, timeMs: number): boolean {
    if (markMs <= this.#markMs) return false
    this.#markMs = markMs
    this.#seenMs = Math.max(this.#seenMs, timeMs)
    return true
  }

  /**
   * Adds a sample that is new and can be true.
   * @param intervalMs usual time between two samples, undefined when not known: then nothing counts as a gap
   */
  add(sample: ContainerSample, intervalMs: number | undefined): NewSample {
    const before = this.#newest
    const timeMs = this.#seenMs
    const isNewRun = before === undefined || this.#isOtherRun(before, sample)
    const isComparable = !isNewRun && !this.#isClockSet && timeMs > this.#newestMs
    const elapsedMs = isComparable ? timeMs - this.#newestMs : undefined
    const isGap = elapsedMs === undefined || (intervalMs !== undefined && elapsedMs > INTERVALS_TO_GAP * intervalMs)
    this.#newest = sample
    this.#newestMs = timeMs
    this.#isClockSet = false
    this.#runId = sample.runId ?? (isNewRun ? undefined : this.#runId)
    const rates = before === undefined || elapsedMs === undefined ? NO_RATES : ratesBetween(before, sample, elapsedMs)
    return { vmid: this.vmid, sample, timeMs, markMs: this.#markMs, elapsedMs, isNewRun, isAfterGap: isGap, rates }
  }

  /** The clock of the host was set back: how long ago the newest sample was is not known. */
  clockWasSet(): void {
    this.#isClockSet = true
  }

  /** Another cgroup; where the file does not name it (the predecessor's), counters that all begin anew. */
  #isOtherRun(before: ContainerSample, sample: ContainerSample): boolean {
    if (this.#runId !== undefined && sample.runId !== undefined) return this.#runId !== sample.runId
    const growth = [
      difference(before.networkUsage?.rxBytes, sample.networkUsage?.rxBytes),
      difference(before.networkUsage?.txBytes, sample.networkUsage?.txBytes),
      difference(before.ioStats?.reads, sample.ioStats?.reads),
      difference(before.ioStats?.writes, sample.ioStats?.writes),
    ].filter(known => known !== undefined)
    return growth.some(value => value < 0) && growth.every(value => value <= 0)
  }
}

function ratesBetween(before: ContainerSample, after: ContainerSample, elapsedMs: number): CounterRates {
  const { networkUsage: net, ioStats: io } = before
  return {
    rxBytes: perSecond(net?.rxBytes, after.networkUsage?.rxBytes, elapsedMs),
    txBytes: perSecond(net?.txBytes, after.networkUsage?.txBytes, elapsedMs),
    reads: perSecond(io?.reads, after.ioStats?.reads, elapsedMs),
    writes: perSecond(io?.writes, after.ioStats?.writes, elapsedMs),
  }
}

function perSecond(from: number | undefined, to: number | undefined, elapsedMs: number): number | undefined {
  const grown = difference(from, to)
  return grown === undefined || grown < 0 ? undefined : (grown * MS_PER_SECOND) / elapsedMs
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from
}
