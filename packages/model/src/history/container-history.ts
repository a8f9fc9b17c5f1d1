import type { ContainerSample } from '@lxc-autoscale/core'
import type { CounterRates, Reading } from './reading.ts'

const MS_PER_SECOND = 1_000
/** So many usual intervals without a sample are a gap. */
const INTERVALS_TO_GAP = 5

const NO_RATES: CounterRates = { rxBytes: undefined, txBytes: undefined, reads: undefined, writes: undefined }

/** The series of samples of one container: sees that time only goes forward, and tells runs, gaps and the growth of counters. */
export class ContainerHistory {
  readonly vmid: number
  #newest: ContainerSample | undefined
  #runId: number | undefined

  constructor(vmid: number) {
    this.vmid = vmid
  }

  get newest(): ContainerSample | undefined {
    return this.#newest
  }

  /**
   * Adds a sample. Undefined when it is not newer than the newest one: it was known already.
   * @param intervalMs usual time between two samples, undefined when not known: then nothing counts as a gap
   */
  add(sample: ContainerSample, intervalMs: number | undefined): Reading | undefined {
    const before = this.#newest
    if (before !== undefined && sample.timestampMs <= before.timestampMs) return undefined
    const isNewRun = before === undefined || this.#isOtherRun(before, sample)
    this.#newest = sample
    this.#runId = sample.runId ?? (isNewRun ? undefined : this.#runId)
    if (before === undefined || isNewRun) {
      return { vmid: this.vmid, sample, elapsedMs: undefined, isNewRun: true, isAfterGap: true, rates: NO_RATES }
    }
    const elapsedMs = sample.timestampMs - before.timestampMs
    return {
      vmid: this.vmid,
      sample,
      elapsedMs,
      isNewRun: false,
      isAfterGap: intervalMs !== undefined && elapsedMs > INTERVALS_TO_GAP * intervalMs,
      rates: ratesBetween(before, sample, elapsedMs),
    }
  }

  /** Forgets when the newest sample was taken, so that older times are taken again: the clock of the host was set back. */
  restartTime(): void {
    this.#newest = undefined
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
  const perSecond = (from: number | undefined, to: number | undefined) => {
    const grown = difference(from, to)
    return grown === undefined || grown < 0 ? undefined : (grown * MS_PER_SECOND) / elapsedMs
  }
  return {
    rxBytes: perSecond(before.networkUsage?.rxBytes, after.networkUsage?.rxBytes),
    txBytes: perSecond(before.networkUsage?.txBytes, after.networkUsage?.txBytes),
    reads: perSecond(before.ioStats?.reads, after.ioStats?.reads),
    writes: perSecond(before.ioStats?.writes, after.ioStats?.writes),
  }
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from
}
