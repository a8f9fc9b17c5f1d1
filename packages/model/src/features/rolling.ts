import { type Aggregation, at, COUNT, SlidingAggregate } from './sliding-aggregate.ts'

const MEAN = 1
/** Sum of squared distances from the mean. */
const SQUARES = 2
const MIN = 3
const MAX = 4

/* Adding to means and squares: Welford, 1962; merging them: Chan, Golub, LeVeque, 1979. */
const moments: Aggregation = {
  width: 5,
  clear(group) {
    group[COUNT] = 0
    group[MEAN] = 0
    group[SQUARES] = 0
    group[MIN] = Number.POSITIVE_INFINITY
    group[MAX] = Number.NEGATIVE_INFINITY
  },
  add(value, _position, group) {
    const count = at(group, COUNT) + 1
    const apart = value - at(group, MEAN)
    const mean = at(group, MEAN) + apart / count
    group[COUNT] = count
    group[MEAN] = mean
    group[SQUARES] = at(group, SQUARES) + apart * (value - mean)
    group[MIN] = Math.min(at(group, MIN), value)
    group[MAX] = Math.max(at(group, MAX), value)
  },
  merge(earlier, later, target) {
    const earlierCount = at(earlier, COUNT)
    const laterCount = at(later, COUNT)
    const count = earlierCount + laterCount
    const share = laterCount / count
    const apart = at(later, MEAN) - at(earlier, MEAN)
    const mean = at(earlier, MEAN) + apart * share
    const squares = at(earlier, SQUARES) + at(later, SQUARES) + apart * apart * earlierCount * share
    const min = Math.min(at(earlier, MIN), at(later, MIN))
    const max = Math.max(at(earlier, MAX), at(later, MAX))
    target[COUNT] = count
    target[MEAN] = mean
    target[SQUARES] = squares
    target[MIN] = min
    target[MAX] = max
  },
}

/** Mean, deviation, minimum and maximum of the last values of a series. NaN where they are not known. */
export class RollingFigures extends SlidingAggregate {
  constructor(size: number) {
    super(size, moments)
  }

  get mean(): number {
    return this.#known(MEAN)
  }

  /** Standard deviation of a sample (divisor n - 1); takes two known values. */
  get std(): number {
    const count = this.result[COUNT] ?? 0
    return count < 2 ? Number.NaN : Math.sqrt((this.result[SQUARES] ?? 0) / (count - 1))
  }

  get min(): number {
    return this.#known(MIN)
  }

  get max(): number {
    return this.#known(MAX)
  }

  #known(figure: number): number {
    const { result } = this
    return result[COUNT] === 0 ? Number.NaN : (result[figure] ?? Number.NaN)
  }
}
