import { type Aggregation, at, COUNT, SlidingAggregate } from './sliding-aggregate.ts'

const MEAN = 1
/** Sum of squared distances from the mean. */
const SQUARES = 2
const MIN = 3
const MAX = 4

/* Adding to means and squares: Welford, 1962; merging them: Chan, Golub, LeVeque, 1979. */
const moments: Aggregation = {
  clear(groups, group) {
    groups[group + COUNT] = 0
    groups[group + MEAN] = 0
    groups[group + SQUARES] = 0
    groups[group + MIN] = Number.POSITIVE_INFINITY
    groups[group + MAX] = Number.NEGATIVE_INFINITY
  },
  add(value, _position, groups, group) {
    const count = at(groups, group + COUNT) + 1
    const apart = value - at(groups, group + MEAN)
    const mean = at(groups, group + MEAN) + apart / count
    groups[group + COUNT] = count
    groups[group + MEAN] = mean
    groups[group + SQUARES] = at(groups, group + SQUARES) + apart * (value - mean)
    groups[group + MIN] = Math.min(at(groups, group + MIN), value)
    groups[group + MAX] = Math.max(at(groups, group + MAX), value)
  },
  merge(groups, earlier, later, target) {
    const earlierCount = at(groups, earlier + COUNT)
    const laterCount = at(groups, later + COUNT)
    const count = earlierCount + laterCount
    const share = laterCount / count
    const apart = at(groups, later + MEAN) - at(groups, earlier + MEAN)
    const mean = at(groups, earlier + MEAN) + apart * share
    const squares = at(groups, earlier + SQUARES) + at(groups, later + SQUARES) + apart * apart * earlierCount * share
    const min = Math.min(at(groups, earlier + MIN), at(groups, later + MIN))
    const max = Math.max(at(groups, earlier + MAX), at(groups, later + MAX))
    groups[target + COUNT] = count
    groups[target + MEAN] = mean
    groups[target + SQUARES] = squares
    groups[target + MIN] = min
    groups[target + MAX] = max
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
    const count = this.result(COUNT)
    return count < 2 ? Number.NaN : Math.sqrt(this.result(SQUARES) / (count - 1))
  }

  get min(): number {
    return this.#known(MIN)
  }

  get max(): number {
    return this.#known(MAX)
  }

  #known(figure: number): number {
    return this.result(COUNT) === 0 ? Number.NaN : this.result(figure)
  }
}
