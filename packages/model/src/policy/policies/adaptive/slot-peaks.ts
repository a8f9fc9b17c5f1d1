import { z } from 'zod'
import { packedSizes, packSizes } from './packed-numbers.ts'

export interface SlotPeaksOptions {
  /** A day or a week. */
  readonly periodMs: number
  readonly slotMs: number
  /** How many periods are remembered. */
  readonly depth: number
  /** So many slots in a row make a job rather than a spike, when they are so many times higher than what was there before. */
  readonly jobSlots: number
  readonly jobRise: number
}

/** Which part of a period is asked for, around a moment. */
export interface SlotRange {
  readonly aheadMs: number
  readonly backMs: number
}

/** What `serialise` gives with these options. */
export function slotPeaksState({ periodMs, slotMs, depth }: SlotPeaksOptions) {
  const peaks = packedSizes(Math.round(periodMs / slotMs) * depth)
  return z.object({ slot: z.number().nullable(), current: z.number(), peaks })
}
type SavedSlotPeaks = z.output<ReturnType<typeof slotPeaksState>>

/**
 * The peak of each slot (5 or 10 minutes) of a day or a week, of the last `depth` of them. Times are local, so that a job
 * of 03:00 is found at 03:00 on both sides of a change to summer time.
 */
export class SlotPeaks {
  readonly #slotMs: number
  readonly #count: number
  readonly #depth: number
  readonly #jobSlots: number
  readonly #jobRise: number
  readonly #range: SlotRange
  /** count x depth, newest period first. */
  readonly #peaks: Float32Array
  readonly #highest: Float32Array
  readonly #second: Float32Array
  #slot: number | undefined
  #current = 0
  #askedFrom = Number.NaN
  #askedTo = Number.NaN
  #foundHighest = 0
  #foundSecond = 0
  #foundJob = 0

  constructor({ periodMs, slotMs, depth, jobSlots, jobRise }: SlotPeaksOptions, range: SlotRange) {
    this.#slotMs = slotMs
    this.#count = Math.round(periodMs / slotMs)
    this.#depth = depth
    this.#jobSlots = jobSlots
    this.#jobRise = jobRise
    this.#range = range
    this.#peaks = new Float32Array(this.#count * depth)
    this.#highest = new Float32Array(this.#count)
    this.#second = new Float32Array(this.#count)
  }

  add(localTimeMs: number, value: number): void {
    const slot = Math.floor(localTimeMs / this.#slotMs)
    if (slot === this.#slot) {
      if (value > this.#current) this.#current = value
      return
    }
    if (this.#slot !== undefined) this.#close(modulo(this.#slot, this.#count))
    this.#slot = slot
    this.#current = value
  }

  /** The highest peak that the slots around this time of day (or week) had in the periods before. */
  highest(localTimeMs: number): number {
    this.#find(localTimeMs)
    return this.#foundHighest
  }

  /** As `highest`, but only what was reached in at least two periods. */
  second(localTimeMs: number): number {
    this.#find(localTimeMs)
    return this.#foundSecond
  }

  /**
   * The peak of a job that began around this time of day (or week), in any period: load that jumps to more than `jobRise`
   * times what was there before and stays up for `jobSlots`. 0 without such a job.
   */
  job(localTimeMs: number): number {
    this.#find(localTimeMs)
    return this.#foundJob
  }

  serialise(): z.input<ReturnType<typeof slotPeaksState>> {
    return { slot: this.#slot ?? null, current: this.#current, peaks: packSizes(this.#peaks) }
  }

  restore({ slot, current, peaks }: SavedSlotPeaks): void {
    this.#peaks.set(peaks)
    this.#slot = slot ?? undefined
    this.#current = current
    for (let at = 0; at < this.#count; at++) this.#rank(at)
    this.#askedFrom = Number.NaN
  }

  #close(at: number): void {
    const first = at * this.#depth
    this.#peaks.copyWithin(first + 1, first, first + this.#depth - 1)
    this.#peaks[first] = this.#current
    this.#rank(at)
    this.#askedFrom = Number.NaN
  }

  #rank(at: number): void {
    let highest = 0
    let second = 0
    for (let i = at * this.#depth; i < (at + 1) * this.#depth; i++) {
      const peak = this.#peaks[i] ?? 0
      if (peak > highest) {
        second = highest
        highest = peak
      } else if (peak > second) second = peak
    }
    this.#highest[at] = highest
    this.#second[at] = second
  }

  #find(localTimeMs: number): void {
    const from = Math.floor((localTimeMs - this.#range.backMs) / this.#slotMs)
    const to = Math.floor((localTimeMs + this.#range.aheadMs) / this.#slotMs)
    if (from === this.#askedFrom && to === this.#askedTo) return
    this.#askedFrom = from
    this.#askedTo = to
    this.#foundHighest = 0
    this.#foundSecond = 0
    this.#foundJob = 0
    for (let slot = from; slot <= to; slot++) {
      const at = modulo(slot, this.#count)
      this.#foundHighest = Math.max(this.#foundHighest, this.#highest[at] ?? 0)
      this.#foundSecond = Math.max(this.#foundSecond, this.#second[at] ?? 0)
      this.#foundJob = Math.max(this.#foundJob, this.#jobFrom(at))
    }
  }

  #jobFrom(first: number): number {
    const before = Math.max(this.#highestAt(first - 1), this.#highestAt(first - 2))
    let least = Number.POSITIVE_INFINITY
    let most = 0
    for (let i = 0; i < this.#jobSlots; i++) {
      const peak = this.#highestAt(first + i)
      least = Math.min(least, peak)
      most = Math.max(most, peak)
    }
    return least > before * this.#jobRise ? most : 0
  }

  #highestAt(slot: number): number {
    return this.#highest[modulo(slot, this.#count)] ?? 0
  }
}

function modulo(value: number, count: number): number {
  const rest = value % count
  return rest < 0 ? rest + count : rest
}
