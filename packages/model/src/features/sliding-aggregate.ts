/**
 * Figures of a group of values that can be merged with those of another group, such as a sum or a minimum. A group is `width` numbers, of
 * which the first counts the values (COUNT). No value is ever taken back out of a group, so nothing is lost to rounding as with a sum that is subtracted from.
 */
export interface Aggregation {
  readonly width: number
  /** Writes the group of no values. */
  clear(group: Float64Array): void
  /** Adds a value that is known to a group. `position` counts the values of the window. */
  add(value: number, position: number, group: Float64Array): void
  /** Writes two groups, neither of them empty, together to `target`. */
  merge(earlier: Float64Array, later: Float64Array, target: Float64Array): void
}

/** Where a group counts its values. */
export const COUNT = 0

/** A figure of a group. */
export function at(group: Float64Array, figure: number): number {
  return group[figure] ?? 0
}

/**
 * An aggregation over the last `size` values of a series, in constant time per value (amortised) whatever the size. The newest values are one
 * group, merged as they come; the older ones are kept as groups that reach from each of them to the newest of the older ones. When the older
 * ones are used up, all become older ones. Source: "two stacks", Tangwongsan, Hirzel, Schneider, 2017.
 */
export class SlidingAggregate {
  /** The figures of the window; read them, and nothing else. */
  readonly result: Float64Array
  readonly #aggregation: Aggregation
  readonly #values: Float64Array
  readonly #older: Float64Array[]
  readonly #newer: Float64Array
  #first = 0
  #count = 0
  #olderCount = 0
  #position = 0

  constructor(size: number, aggregation: Aggregation) {
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`a window of ${size} values: it has to be 1 or more`)
    const group = () => new Float64Array(aggregation.width)
    this.#aggregation = aggregation
    this.#values = new Float64Array(size)
    this.#older = Array.from({ length: size }, group)
    this.#newer = group()
    this.result = group()
    this.clear()
  }

  /** Forgets all values. */
  clear(): void {
    this.#count = 0
    this.#olderCount = 0
    this.#position = 0
    this.#aggregation.clear(this.#newer)
    this.#aggregation.clear(this.result)
  }

  /** Adds a value, NaN when it is not known, and drops the oldest one of a full window. */
  push(value: number): void {
    const size = this.#values.length
    if (this.#count === size) this.#dropOldest()
    const place = this.#first + this.#count++
    this.#values[place < size ? place : place - size] = value
    const position = this.#position++
    if (!Number.isNaN(value)) this.#aggregation.add(value, position, this.#newer)
    const older = this.#olderCount > 0 ? this.#older[this.#first] : undefined
    if (older === undefined || older[COUNT] === 0) this.result.set(this.#newer)
    else if (this.#newer[COUNT] === 0) this.result.set(older)
    else this.#aggregation.merge(older, this.#newer, this.result)
  }

  #dropOldest(): void {
    if (this.#olderCount === 0) this.#makeAllOlder()
    this.#first = (this.#first + 1) % this.#values.length
    this.#count--
    this.#olderCount--
  }

  #makeAllOlder(): void {
    const size = this.#values.length
    const group = this.#newer
    this.#aggregation.clear(group)
    for (let i = this.#count - 1; i >= 0; i--) {
      const place = (this.#first + i) % size
      const value = this.#values[place] ?? Number.NaN
      if (!Number.isNaN(value)) this.#aggregation.add(value, i, group)
      this.#older[place]?.set(group)
    }
    this.#aggregation.clear(group)
    this.#olderCount = this.#count
    this.#position = this.#count
  }
}
