import { type Aggregation, at, COUNT, SlidingAggregate } from './sliding-aggregate.ts'

const MEAN_X = 1
const MEAN_Y = 2
/** Sums of products of distances from the means. */
const SUM_XX = 3
const SUM_XY = 4

const line: Aggregation = {
  width: 5,
  clear(group) {
    group.fill(0)
  },
  add(value, position, group) {
    const count = at(group, COUNT) + 1
    const apartX = position - at(group, MEAN_X)
    const apartY = value - at(group, MEAN_Y)
    const meanY = at(group, MEAN_Y) + apartY / count
    group[COUNT] = count
    group[MEAN_X] = at(group, MEAN_X) + apartX / count
    group[MEAN_Y] = meanY
    group[SUM_XX] = at(group, SUM_XX) + apartX * (position - at(group, MEAN_X))
    group[SUM_XY] = at(group, SUM_XY) + apartX * (value - meanY)
  },
  merge(earlier, later, target) {
    const earlierCount = at(earlier, COUNT)
    const laterCount = at(later, COUNT)
    const count = earlierCount + laterCount
    const share = laterCount / count
    const weight = earlierCount * share
    const apartX = at(later, MEAN_X) - at(earlier, MEAN_X)
    const apartY = at(later, MEAN_Y) - at(earlier, MEAN_Y)
    const meanX = at(earlier, MEAN_X) + apartX * share
    const meanY = at(earlier, MEAN_Y) + apartY * share
    const sumXx = at(earlier, SUM_XX) + at(later, SUM_XX) + apartX * apartX * weight
    const sumXy = at(earlier, SUM_XY) + at(later, SUM_XY) + apartX * apartY * weight
    target[COUNT] = count
    target[MEAN_X] = meanX
    target[MEAN_Y] = meanY
    target[SUM_XX] = sumXx
    target[SUM_XY] = sumXy
  },
}

/** Least-squares slope of the last values of a series, per value. */
export class RollingTrend extends SlidingAggregate {
  constructor(size: number) {
    super(size, line)
  }

  /** NaN below two known values. */
  get slope(): number {
    const { result } = this
    return (result[COUNT] ?? 0) < 2 ? Number.NaN : (result[SUM_XY] ?? 0) / (result[SUM_XX] ?? 1)
  }
}
