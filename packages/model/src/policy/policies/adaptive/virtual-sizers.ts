import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import { packedNumbers, packNumbers } from './packed-numbers.ts'

const NOTHING_TYPICAL = { risks: [], days: 0 }

export interface BillingParameters {
  readonly count: number
  readonly halfLifeMs: number
  /** When given, running short is billed by the event: each entry costs as much as this much time. */
  readonly eventMs?: number
  /** How often each sizer is too small in a typical container, and for how many days of evidence that counts. */
  readonly typical?: { readonly risks: readonly number[]; readonly days: number }
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

/** What the chosen sizer has cost, for the explanation. Shares of 1. */
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
 * Virtual sizers of one resource of one container: each has a level at every moment and pays for what it leaves unused,
 * for the time in which demand would have been above it, and for changes. The cheapest by its own recent bill is used.
 * Bills fade. Being too small is rare, so what is typical of a sizer counts as well as what it has shown, times one scale
 * that each container learns.
 */
export class VirtualSizers {
  readonly #parameters: BillingParameters
  /** Of each sizer, in grid units; undefined until they are set for the first time. */
  #levels: readonly number[] | undefined
  /** Sums over the time billed: size x time, time too small, number of changes. */
  readonly #allocated: Float64Array
  readonly #short: Float64Array
  readonly #changes: Float64Array
  /** 1 for the sizers that the demand of the last interval was above. */
  readonly #isShort: Uint8Array
  #used = 1e-9
  #time = 1e-9
  #given = 1e-9
  #lastMs: number | undefined

  constructor(parameters: BillingParameters) {
    this.#parameters = parameters
    this.#allocated = new Float64Array(parameters.count)
    this.#short = new Float64Array(parameters.count)
    this.#changes = new Float64Array(parameters.count)
    this.#isShort = new Uint8Array(parameters.count)
  }

  /** The level of a sizer, in grid units. */
  level(sizer: number): number {
    return this.#levels?.[sizer] ?? 0
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
      this.#short[i] = (this.#short[i] ?? 0) + this.#shortMs(i, level < demand, dtMs)
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
    return costs.reduce((best, cost, i) => (cost < (costs[best] ?? 0) ? i : best), 0)
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
    for (const sums of [this.#allocated, this.#short, this.#changes]) {
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) * kept
    }
  }

  #shortMs(sizer: number, isShort: boolean, dtMs: number): number {
    const isEntry = isShort && this.#isShort[sizer] === 0
    this.#isShort[sizer] = Number(isShort)
    const { eventMs } = this.#parameters
    if (eventMs !== undefined) return isEntry ? eventMs : 0
    return isShort ? dtMs : 0
  }

  /**
   * What each is expected to cost: what it leaves unused, how often it is too small times the price of that, and its
   * changes. All as shares of unused size, so that containers of all sizes compare.
   */
  #costs(): Float64Array {
    const { price, changePrice, typical = NOTHING_TYPICAL } = this.#parameters
    const typicalMs = typical.days * MS_PER_DAY
    const scale = this.#riskScale(typical.risks, typicalMs)
    // how much the share of unused size rises with one more unit of size, where the container stands now
    const unusedPerUnit = (this.#used * this.#time) / this.#given ** 2
    return this.#allocated.map((allocated, i) => {
      const risk = ((this.#short[i] ?? 0) + typicalMs * scale * (typical.risks[i] ?? 0)) / (this.#time + typicalMs)
      const changesPerHour = (MS_PER_HOUR * (this.#changes[i] ?? 0)) / this.#time
      return (unusedPerUnit * allocated) / this.#time + price * risk + changePrice * changesPerHour
    })
  }

  /** How risky this container is, as a multiple of the typical one: each sizer's own risk over its typical one, on average. */
  #riskScale(risks: readonly number[], typicalMs: number): number {
    const sum = risks.reduce((all, risk, i) => all + (this.#short[i] ?? 0) / risk, 0)
    return (sum / this.#parameters.count + typicalMs) / (this.#time + typicalMs)
  }
}
