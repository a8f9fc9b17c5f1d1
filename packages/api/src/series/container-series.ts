import type { Spark } from '@lxc-autoscale/core'
import { COLUMNS, Step } from './columns.ts'
import { decodeFigure, encodeFigure, UNKNOWN_CODE } from './figure-code.ts'
import { MINUTES, type RingRecord, TEN_MINUTES } from './ring-file.ts'
import { SparkRing } from './spark-ring.ts'

const MINUTES_PER_TEN = TEN_MINUTES.stepMs / MINUTES.stepMs
/** Minutes that wait for a disk that cannot be written; older ones are given up. */
const MOST_WAITING = 600

const NONE = Number.NEGATIVE_INFINITY
const CORES_USED = COLUMNS.findIndex(({ figure, join }) => figure === 0 && join === 'mean')
const MEMORY_USED = COLUMNS.findIndex(({ figure, join }) => figure === 3 && join === 'mean')

/** What is in memory of one container: the minute that is not over, those that the disk has not yet, and the sparkline. */
export class ContainerSeries {
  readonly #sparks = new SparkRing()
  readonly #open = new Step()
  #openSlot = NONE
  /** Codes by slot: of what is not saved, and of the ten minutes that are not over. */
  readonly #minutes = new Map<number, Uint16Array>()
  readonly #unsaved = new Set<number>()
  /** Up to here all is on the disk from before a restart. */
  #savedSlot = NONE
  #newestSlot = NONE
  #oldestSlot = Number.POSITIVE_INFINITY

  /** The newest minute of which something is known. */
  get newestSlot(): number {
    return this.#newestSlot
  }

  /** The oldest minute that was measured, or found on the disk. */
  get oldestSlot(): number {
    return this.#oldestSlot
  }

  /** Takes a minute from the disk, in order of time. */
  restore(slot: number, values: Float64Array): void {
    this.#savedSlot = slot
    this.#newestSlot = slot
    this.#oldestSlot = Math.min(this.#oldestSlot, slot)
    this.#keep(slot, values)
  }

  /** @param isCatchingUp whether the sample may be in a minute that is on the disk already */
  add(timeMs: number, figures: Float64Array, isCatchingUp: boolean): void {
    const slot = Math.floor(timeMs / MINUTES.stepMs)
    if (isCatchingUp && slot <= this.#savedSlot) return
    // After the clock was set back it is an older one, which is measured anew.
    if (slot !== this.#openSlot) this.endMinute()
    this.#openSlot = slot
    this.#newestSlot = slot
    this.#oldestSlot = Math.min(this.#oldestSlot, slot)
    this.#open.addFigures(figures)
  }

  /** What is known of the minute that is not over is all that will be. */
  endMinute(): void {
    if (this.#openSlot === NONE) return
    this.#keep(this.#openSlot, this.#open.values())
    this.#unsaved.add(this.#openSlot)
    this.#open.reset()
    this.#openSlot = NONE
  }

  /** The sparkline up to the step that ends at `endMs`. */
  spark(endMs: number): Spark {
    return this.#sparks.spark(endMs)
  }

  get isUnsaved(): boolean {
    return this.#unsaved.size > 0
  }

  /** What the disk has not yet: the minutes, and the ten minutes that they are of, as far as these are known. */
  unsaved(): RingRecord[] {
    const minutes = [...this.#unsaved].flatMap(slot => {
      const codes = this.#minutes.get(slot)
      return codes === undefined ? [] : [{ tier: MINUTES, slot, codes }]
    })
    const tens = new Set(minutes.map(({ slot }) => tenOf(slot)))
    return [...minutes, ...[...tens].map(slot => ({ tier: TEN_MINUTES, slot, codes: encoded(this.#joined(slot)) }))]
  }

  /** The disk has `records` now. */
  saved(records: readonly RingRecord[]): void {
    for (const { tier, slot } of records) if (tier === MINUTES) this.#unsaved.delete(slot)
    for (const slot of this.#minutes.keys()) {
      if (!this.#unsaved.has(slot) && tenOf(slot) !== tenOf(this.#newestSlot)) this.#minutes.delete(slot)
    }
  }

  /** Hands over what is known here of the minutes from `from` to before `to`. It is newer than what the disk has. */
  minutes([from, to]: readonly [from: number, to: number], take: (slot: number, values: Float64Array) => void): void {
    for (const [slot, codes] of this.#minutes) if (slot >= from && slot < to) take(slot, decoded(codes))
    if (this.#openSlot >= from && this.#openSlot < to) take(this.#openSlot, this.#open.values())
  }

  /** The same of ten minutes. */
  tens([from, to]: readonly [from: number, to: number], take: (slot: number, values: Float64Array) => void): void {
    const slots = new Set([...this.#unsaved, this.#openSlot].filter(slot => slot !== NONE).map(tenOf))
    for (const slot of slots) if (slot >= from && slot < to) take(slot, this.#joined(slot))
  }

  #keep(slot: number, values: Float64Array): void {
    const codes = encoded(values)
    this.#sparks.add(slot, meanOf(codes, CORES_USED), meanOf(codes, MEMORY_USED))
    this.#minutes.set(slot, codes)
    const [oldest] = this.#minutes.keys()
    if (this.#minutes.size <= MOST_WAITING || oldest === undefined) return
    this.#minutes.delete(oldest)
    this.#unsaved.delete(oldest)
  }

  #joined(ten: number): Float64Array {
    const step = new Step()
    this.minutes([ten * MINUTES_PER_TEN, (ten + 1) * MINUTES_PER_TEN], (_, values) => step.addColumns(values))
    return step.values()
  }
}

function tenOf(minuteSlot: number): number {
  return Math.floor(minuteSlot / MINUTES_PER_TEN)
}

/** As it will be read from the disk after a restart. */
function meanOf(codes: Uint16Array, column: number): number {
  return decodeFigure(codes[column] ?? UNKNOWN_CODE)
}

function encoded(values: Float64Array): Uint16Array {
  return Uint16Array.from(values, encodeFigure)
}

function decoded(codes: Uint16Array): Float64Array {
  return Float64Array.from(codes, decodeFigure)
}
