import { MS_PER_DAY } from '@lxc-autoscale/core'
import { z } from 'zod'
import { encodeArray } from '../../../forest/typed-array-text.ts'
import { packedArray } from './packed-numbers.ts'

export interface HabitOptions {
  /** A day is looked at in slots of this length. */
  readonly slotMs: number
  /** What at least two of so many days had at this time is a habit; so is what this weekday had. */
  readonly days: number
  /** How far before and after a moment a habit may fall. */
  readonly rangeMs: number
}

/** One more than two weeks, so that what lies ahead is known from two weeks ago. */
const DAYS_KEPT = 15
/** Peaks are kept in hundredths of a core, rounded up: whole cores and tenths stay what they are. 655 cores are the most. */
const PER_CORE = 100
const MOST = 65_535
const ROUNDING = 1e-6

/** What `serialise` gives with slots of this length. */
export function habitPeaksState({ slotMs }: Pick<HabitOptions, 'slotMs'>) {
  const peaks = packedArray(Uint16Array, slotsPerDay(slotMs) * DAYS_KEPT)
  return z.object({ slot: z.number().nullable(), peaks })
}

/**
 * The peak of each slot of the last two weeks. Times are local, so that a job of 03:00 is found at 03:00 on both sides of a
 * change to summer time.
 */
export class HabitPeaks {
  readonly #options: HabitOptions
  readonly #perDay: number
  /** Of slot n at n modulo length, in hundredths of a core; 0 = nothing was measured. */
  readonly #peaks: Uint16Array
  #newest: number | undefined
  #askedFrom = Number.NaN
  #askedTo = Number.NaN
  #found = 0

  constructor(options: HabitOptions) {
    this.#options = options
    this.#perDay = slotsPerDay(options.slotMs)
    this.#peaks = new Uint16Array(this.#perDay * DAYS_KEPT)
  }

  add(localTimeMs: number, cores: number): void {
    const slot = Math.floor(localTimeMs / this.#options.slotMs)
    const newest = this.#newest ?? slot - 1
    // what was not measured is not known, rather than what it was two weeks ago
    for (let missed = Math.max(newest, slot - this.#peaks.length) + 1; missed <= slot; missed++) this.#set(missed, 0)
    this.#newest = Math.max(newest, slot)
    const peak = Math.min(MOST, Math.ceil(cores * PER_CORE - ROUNDING))
    if (peak > this.#at(slot)) this.#set(slot, peak)
  }

  /** Cores that were reached at about this time on at least two of the last days, or on this weekday. */
  at(localTimeMs: number): number {
    const { slotMs, rangeMs } = this.#options
    const from = Math.floor((localTimeMs - rangeMs) / slotMs)
    const to = Math.floor((localTimeMs + rangeMs) / slotMs)
    if (from === this.#askedFrom && to === this.#askedTo) return this.#found
    this.#askedFrom = from
    this.#askedTo = to
    this.#found = 0
    for (let slot = from; slot <= to; slot++) this.#found = Math.max(this.#found, this.#habit(slot) / PER_CORE)
    return this.#found
  }

  serialise(): z.input<ReturnType<typeof habitPeaksState>> {
    return { slot: this.#newest ?? null, peaks: encodeArray(this.#peaks) }
  }

  restore({ slot, peaks }: z.output<ReturnType<typeof habitPeaksState>>): void {
    this.#newest = slot ?? undefined
    this.#peaks.set(peaks)
    this.#askedFrom = Number.NaN
  }

  #habit(slot: number): number {
    let highest = 0
    let second = 0
    for (let day = 1; day <= this.#options.days; day++) {
      const peak = this.#at(slot - day * this.#perDay)
      second = Math.max(second, Math.min(peak, highest))
      highest = Math.max(highest, peak)
    }
    return Math.max(second, this.#at(slot - 7 * this.#perDay), this.#at(slot - 14 * this.#perDay))
  }

  /** 0 for what is not remembered any more. */
  #at(slot: number): number {
    const newest = this.#newest ?? slot - 1
    if (slot > newest || slot <= newest - this.#peaks.length) return 0
    return this.#peaks[modulo(slot, this.#peaks.length)] ?? 0
  }

  #set(slot: number, value: number): void {
    this.#peaks[modulo(slot, this.#peaks.length)] = value
  }
}

function slotsPerDay(slotMs: number): number {
  return Math.round(MS_PER_DAY / slotMs)
}

function modulo(value: number, count: number): number {
  const rest = value % count
  return rest < 0 ? rest + count : rest
}
