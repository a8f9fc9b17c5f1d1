/**
 * Figures of a group of values that can be merged with those of another group, such as a sum or a minimum. A group is GROUP numbers in an array of
 * many, of which the first counts the values (COUNT). No value is ever taken back out of a group, so nothing is lost to rounding as with a sum that
 * is subtracted from.
 */
export interface Aggregation {
  /** Writes the group of no values. */
  clear(groups: Float64Array, group: number): void
  /** Adds a value that is known to the group that begins at `group`. `position` counts the values of the window. */
  add(value: number, position: number, groups: Float64Array, group: number): void
  /** Writes two groups, neither of them empty, together to `target`. */
  merge(groups: Float64Array, earlier: number, later: number, target: number): void
}

/** Numbers of a group. */
export const GROUP = 5
/** Where a group counts its values. */
export const COUNT = 0

/** A number of an array. */
export function at(groups: Float64Array, place: number): number {
  return groups[place] ?? 0
}

/** The figures of the window, those of the newest values, and those of the older ones. */
const RESULT = 0
const NEWER = GROUP
const OLDER = 2 * GROUP

/**
 * An aggregation over the last `size` values of a series, in constant time per value (amortised) whatever the size. The newest values are one
 * group, merged as they come; the older ones are kept as groups that reach from each of them to the newest of the older ones. When the older
 * ones are used up, all become older ones. Source: "two stacks", Tangwongsan, Hirzel, Schneider, 2017.
 */
export class SlidingAggregate {
  readonly #aggregation: Aggregation
  readonly #size: number
  /** All groups, and after them the values: one array, since each takes some hundred bytes by itself. */
  readonly #groups: Float64Array
  #first = 0
  #count = 0
  #olderCount = 0
  #position = 0

  constructor(size: number, aggregation: Aggregation) {
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`a window of ${size} values: it has to be 1 or more`)
    this.#aggregation = aggregation
    this.#size = size
    this.#groups = new Float64Array(OLDER + size * GROUP + size)
    this.clear()
  }

  /** A figure of the window. */
  result(figure: number): number {
    return at(this.#groups, RESULT + figure)
  }

  /** Forgets all values. */
  clear(): void {
    this.#count = 0
    this.#olderCount = 0
    this.#position = 0
    this.#aggregation.clear(this.#groups, NEWER)
    this.#aggregation.clear(this.#groups, RESULT)
  }

  /** Adds a value, NaN when it is not known, and drops the oldest one of a full window. */
  push(value: number): void {
    const groups = this.#groups
    const size = this.#size
    if (this.#count === size) this.#dropOldest()
    const place = this.#first + this.#count++
    groups[OLDER + size * GROUP + (place < size ? place : place - size)] = value
    const position = this.#position++
    if (!Number.isNaN(value)) this.#aggregation.add(value, position, groups, NEWER)
    const older = OLDER + this.#first * GROUP
    if (this.#olderCount === 0 || at(groups, older + COUNT) === 0) copy(groups, NEWER, RESULT)
    else if (at(groups, NEWER + COUNT) === 0) copy(groups, older, RESULT)
    else this.#aggregation.merge(groups, older, NEWER, RESULT)
  }

  #dropOldest(): void {
    if (this.#olderCount === 0) this.#makeAllOlder()
    this.#first = this.#first + 1 === this.#size ? 0 : this.#first + 1
    this.#count--
    this.#olderCount--
  }

  #makeAllOlder(): void {
    const groups = this.#groups
    const size = this.#size
    this.#aggregation.clear(groups, NEWER)
    for (let i = this.#count - 1; i >= 0; i--) {
      const place = (this.#first + i) % size
      const value = at(groups, OLDER + size * GROUP + place)
      if (!Number.isNaN(value)) this.#aggregation.add(value, i, groups, NEWER)
      copy(groups, NEWER, OLDER + place * GROUP)
    }
    this.#aggregation.clear(groups, NEWER)
    this.#olderCount = this.#count
    this.#position = this.#count
  }
}

function copy(groups: Float64Array, from: number, to: number): void {
  for (let i = 0; i < GROUP; i++) groups[to + i] = at(groups, from + i)
}
