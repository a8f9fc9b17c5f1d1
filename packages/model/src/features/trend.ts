import { type Aggregation, at, COUNT, GROUP, SlidingAggregate } from './sliding-aggregate.ts'

const MEAN_X = 1
const MEAN_Y = 2
/** Sums of products of distances from the means. */
const SUM_XX = 3
const SUM_XY = 4

const line: Aggregation = {
  clear(groups, group) {
    for (let i = 0; i < GROUP; i++) groups[group + i] = 0
  },
  add(value, position, groups, group) {
    const count = at(groups, group + COUNT) + 1
    const apartX = position - at(groups, group + MEAN_X)
    const apartY = value - at(groups, group + MEAN_Y)
    const meanY = at(groups, group + MEAN_Y) + apartY / count
    groups[group + COUNT] = count
    groups[group + MEAN_X] = at(groups, group + MEAN_X) + apartX / count
    groups[group + MEAN_Y] = meanY
    groups[group + SUM_XX] = at(groups, group + SUM_XX) + apartX * (position - at(groups, group + MEAN_X))
    groups[group + SUM_XY] = at(groups, group + SUM_XY) + apartX * (value - meanY)
  },
  merge(groups, earlier, later, target) {
    const earlierCount = at(groups, earlier + COUNT)
    const laterCount = at(groups, later + COUNT)
    const count = earlierCount + laterCount
    const share = laterCount / count
    const weight = earlierCount * share
    const apartX = at(groups, later + MEAN_X) - at(groups, earlier + MEAN_X)
    const apartY = at(groups, later + MEAN_Y) - at(groups, earlier + MEAN_Y)
    const meanX = at(groups, earlier + MEAN_X) + apartX * share
    const meanY = at(groups, earlier + MEAN_Y) + apartY * share
    const sumXx = at(groups, earlier + SUM_XX) + at(groups, later + SUM_XX) + apartX * apartX * weight
    const sumXy = at(groups, earlier + SUM_XY) + at(groups, later + SUM_XY) + apartX * apartY * weight
    groups[target + COUNT] = count
    groups[target + MEAN_X] = meanX
    groups[target + MEAN_Y] = meanY
    groups[target + SUM_XX] = sumXx
    groups[target + SUM_XY] = sumXy
  },
}

/** Least-squares slope of the last values of a series, per value. */
export class RollingTrend extends SlidingAggregate {
  constructor(size: number) {
    super(size, line)
  }

  /** NaN below two known values. */
  get slope(): number {
    return this.result(COUNT) < 2 ? Number.NaN : this.result(SUM_XY) / this.result(SUM_XX)
  }
}
