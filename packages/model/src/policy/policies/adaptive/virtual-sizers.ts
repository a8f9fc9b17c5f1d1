import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import { packedNumbers, packNumbers } from './packed-numbers.ts'

export interface BillingParameters {
  /** Of each sizer: the share of the time in which it is too small in a typical container. */
  readonly risks: readonly number[]
  /** For how many days of a container's own evidence the typical risks count. */
  readonly typicalDays: number
  readonly halfLifeMs: number
  /** What one point of time short costs, in points of unused size. */
  readonly price: number
  /** What one change per hour costs, as a share of unused size. */
  readonly changePrice: number
  /** A rival must be cheaper by this much. */
  readonly stick: number
}

/** One interval, as it is billed. Sizes in grid units. */
export interface BilledInterval {
  readonly timeMs: number
  readonly dtMs: number
  readonly used: number
  /** What the container would have wanted: more than `used` when it ran short. */
  readonly demand: number
  readonly allocation: number
}

/** What a sizer has cost lately, for the explanation. Shares of 1. */
export interface Bill {
  readonly unused: number
  readonly short: number
}

/** What `serialise` gives with so many sizers. */
export function virtualSizersState(count: number) {
  return z.object({
    sums: packedNumbers(3),
    levels: packedNumbers(count).nullable(),
    allocated: packedNumbers(count),
    short: packedNumbers(count),
    changes: packedNumbers(count),
    lastMs: z.number().nullable(),
  })
}
type SavedSizers = z.output<ReturnType<typeof virtualSizersState>>

/**
 * Virtual sizers of one container: each has a level at every moment and pays for what it leaves unused, for the time in which
 * demand would have been above it, and for changes. The cheapest by its own recent bill is used. Bills fade. Being too small
 * is rare, so what is typical of a sizer counts as well as what it has shown, times one scale that each container learns.
 */
export class VirtualSizers {
  readonly #parameters: BillingParameters
  /** Of each sizer, in grid units; undefined until they are set for the first time. */
  #levels: readonly number[] | undefined
  /** Sums over the time billed: size x time, time too small, number of changes. All of them, and those of each kind. */
  readonly #sums: Float64Array
  readonly #allocated: Float64Array
  readonly #short: Float64Array
  readonly #changes: Float64Array
  #used = 1e-9
  #time = 1e-9
  #given = 1e-9
  #lastMs: number | undefined

  constructor(parameters: BillingParameters) {
    this.#parameters = parameters
    const count = parameters.risks.length
    this.#sums = new Float64Array(3 * count)
    this.#allocated = this.#sums.subarray(0, count)
    this.#short = this.#sums.subarray(count, 2 * count)
    this.#changes = this.#sums.subarray(2 * count)
  }

  /** The level of a sizer, in grid units. */
  level(sizer: number): number {
    return this.#levels?.[sizer] ?? 0
  }

  /** The level that no sizer is above, in grid units. */
  get highestLevel(): number {
    return this.#levels?.reduce((most, level) => Math.max(most, level), 0) ?? 0
  }

  /** Bills the interval that has just ended, at the levels in force during it. */
  bill({ timeMs, dtMs, used, demand, allocation }: BilledInterval): void {
    if (this.#levels === undefined) return
    this.#fade(timeMs)
    this.#used += dtMs * used
    this.#given += dtMs * allocation
    this.#time += dtMs
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] ?? 0
      this.#allocated[i] = (this.#allocated[i] ?? 0) + dtMs * level
      if (level < demand) this.#short[i] = (this.#short[i] ?? 0) + dtMs
    }
  }

  /** New levels for all sizers; a sizer whose level moves pays for a change. */
  setLevels(levels: readonly number[]): void {
    const before = this.#levels ?? levels
    for (let i = 0; i < levels.length; i++) {
      if (levels[i] !== before[i]) this.#changes[i] = (this.#changes[i] ?? 0) + 1
    }
    this.#levels = levels
  }

  /** The sizer with the cheapest expected bill; `held` has the advantage of being there. */
  cheapest(held: number): number {
    const costs = this.#costs()
    if (held >= 0) costs[held] = (costs[held] ?? 0) - this.#parameters.stick
    return indexOfLeast(costs)
  }

  /** The cheapest of those whose level is another than that of `chosen` now; undefined when all want the same. */
  runnerUp(chosen: number): number | undefined {
    const level = this.level(chosen)
    const costs = this.#costs()
    for (let i = 0; i < costs.length; i++) if (this.level(i) === level) costs[i] = Number.POSITIVE_INFINITY
    const best = indexOfLeast(costs)
    return costs[best] === Number.POSITIVE_INFINITY ? undefined : best
  }

  /** What a sizer has cost lately. */
  billOf(sizer: number): Bill {
    const allocated = this.#allocated[sizer] ?? 0
    return {
      unused: allocated > 0 ? Math.max(0, 1 - this.#used / allocated) : 0,
      short: (this.#short[sizer] ?? 0) / this.#time,
    }
  }

  serialise(): z.input<ReturnType<typeof virtualSizersState>> {
    return {
      sums: packNumbers([this.#used, this.#time, this.#given]),
      levels: this.#levels === undefined ? null : packNumbers(this.#levels),
      allocated: packNumbers(this.#allocated),
      short: packNumbers(this.#short),
      changes: packNumbers(this.#changes),
      lastMs: this.#lastMs ?? null,
    }
  }

  restore({ sums, levels, allocated, short, changes, lastMs }: SavedSizers): void {
    const [used = 0, time = 0, given = 0] = sums
    this.#used = used
    this.#time = time
    this.#given = given
    this.#levels = levels === null ? undefined : [...levels]
    this.#allocated.set(allocated)
    this.#short.set(short)
    this.#changes.set(changes)
    this.#lastMs = lastMs ?? undefined
  }

  /** All that was billed counts less and less. */
  #fade(timeMs: number): void {
    const kept = 2 ** (((this.#lastMs ?? timeMs) - timeMs) / this.#parameters.halfLifeMs)
    this.#lastMs = timeMs
    this.#used *= kept
    this.#given *= kept
    this.#time *= kept
    const sums = this.#sums
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) * kept
  }

  /**
   * What each is expected to cost: what it leaves unused, how often it is too small times the price of that, and its
   * changes. All as shares of unused size, so that containers of all sizes compare.
   */
  #costs(): Float64Array {
    const { price, changePrice, risks, typicalDays } = this.#parameters
    const typicalMs = typicalDays * MS_PER_DAY
    const scale = this.#riskScale(risks, typicalMs)
    // how much the share of unused size rises with one more unit of size, where the container stands now
    const unusedPerUnit = (this.#used * this.#time) / this.#given ** 2
    const costs = this.#allocated.slice()
    for (let i = 0; i < costs.length; i++) {
      const risk = ((this.#short[i] ?? 0) + typicalMs * scale * (risks[i] ?? 0)) / (this.#time + typicalMs)
      const changesPerHour = (MS_PER_HOUR * (this.#changes[i] ?? 0)) / this.#time
      costs[i] = (unusedPerUnit * (costs[i] ?? 0)) / this.#time + price * risk + changePrice * changesPerHour
    }
    return costs
  }

  /** How risky this container is, as a multiple of the typical one: each sizer's own risk over its typical one, on average. */
  #riskScale(risks: readonly number[], typicalMs: number): number {
    const sum = risks.reduce((all, risk, i) => all + (this.#short[i] ?? 0) / risk, 0)
    return (sum / risks.length + typicalMs) / (this.#time + typicalMs)
  }
}

function indexOfLeast(costs: Float64Array): number {
  return costs.reduce((best, cost, i) => (cost < (costs[best] ?? 0) ? i : best), 0)
}
