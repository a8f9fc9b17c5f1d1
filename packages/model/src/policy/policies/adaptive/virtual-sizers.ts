import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'
import { z } from 'zod'
import { packedNumbers, packNumbers } from './packed-numbers.ts'

/** Growth of the weights at which everything is scaled down. */
const RENORMALISE_AT = 1e9

export interface BillingParameters {
  readonly halfLifeMs: number
  /** When given, running short is billed by the event: each entry costs as much as this much time. */
  readonly eventMs?: number
  /** Typical risk of each sizer; the ratios matter, the scale is learned. */
  readonly risks: Float64Array
  readonly priorScale: number
  readonly priorDays: number
  readonly scaleDays: number
  readonly contextDays: number
  readonly contexts: number
  readonly stick: number
  readonly changePrice: number
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

/** What `serialise` gives with so many sizers and contexts. */
export function virtualSizersState(count: number, contexts: number) {
  return z.object({
    sums: packedNumbers(3),
    allocated: packedNumbers(count),
    short: packedNumbers(count),
    changes: packedNumbers(count),
    contextAllocated: packedNumbers(count * contexts),
    contextShort: packedNumbers(count * contexts),
    contextTime: packedNumbers(contexts),
    levels: packedNumbers(count),
    lastMs: z.number().nullable(),
    context: z
      .int()
      .min(0)
      .max(contexts - 1),
    hasLevels: z.boolean(),
  })
}
type SavedSizers = z.output<ReturnType<typeof virtualSizersState>>

/**
 * Virtual sizers of one resource of one container: each has a level at every moment and pays for what it leaves unused,
 * for the time in which demand would have been above it, and for changes. The cheapest by its own recent bill is used.
 * Bills decay. Two things make rare events speak for more than the sizer they hit: typical ratios of risk between the
 * sizers, with one scale that each container learns, and contexts (how busy it is) that lean on the mean over all.
 */
export class VirtualSizers {
  readonly #parameters: BillingParameters
  readonly #price: number
  readonly #count: number
  readonly #levels: Float64Array
  readonly #allocated: Float64Array
  readonly #short: Float64Array
  readonly #changes: Float64Array
  readonly #contextAllocated: Float64Array
  readonly #contextShort: Float64Array
  readonly #contextTime: Float64Array
  /** 1 for the sizers that the demand of the last interval was above. */
  readonly #isShort: Uint8Array
  #hasLevels = false
  #lowest = 0
  #context = 0
  #used = 1e-9
  #time = 1e-9
  #given = 1e-9
  #pending = 0
  #weight = 1
  #originMs: number | undefined

  /** @param price what one point of time short costs, in points of unused size */
  constructor(parameters: BillingParameters, price: number) {
    const count = parameters.risks.length
    this.#parameters = parameters
    this.#price = price
    this.#count = count
    this.#levels = new Float64Array(count)
    this.#allocated = new Float64Array(count)
    this.#short = new Float64Array(count)
    this.#changes = new Float64Array(count)
    this.#contextAllocated = new Float64Array(count * parameters.contexts)
    this.#contextShort = new Float64Array(count * parameters.contexts)
    this.#contextTime = new Float64Array(parameters.contexts)
    this.#isShort = new Uint8Array(count)
  }

  /** The level of a sizer, in grid units. */
  level(sizer: number): number {
    return this.#levels[sizer] ?? 0
  }

  /** Bills the interval that has just ended, at the levels in force during it. */
  bill({ timeMs, dtMs, used, demand, allocation }: BilledInterval): void {
    this.#originMs ??= timeMs
    if (!this.#hasLevels) return
    this.#weight = 2 ** ((timeMs - this.#originMs) / this.#parameters.halfLifeMs)
    const weighted = this.#weight * dtMs
    if (this.#parameters.eventMs !== undefined) this.#billEntries(demand, this.#weight * this.#parameters.eventMs)
    else if (demand > this.#lowest) this.#billShort(demand, weighted)
    this.#pending += weighted
    this.#used += weighted * used
    this.#given += weighted * allocation
    this.#time += weighted
    if (this.#weight > RENORMALISE_AT) this.#renormalise(timeMs)
  }

  /** New levels for all sizers; a sizer whose level moves pays for a change. Gives whether any moved. */
  setLevels(levels: Float64Array): boolean {
    let lowest = Number.POSITIVE_INFINITY
    let isMoved = !this.#hasLevels
    for (let i = 0; i < this.#count; i++) {
      const level = levels[i] ?? 0
      if (level < lowest) lowest = level
      if (level !== this.#levels[i]) isMoved = true
    }
    if (!isMoved) return false
    this.#settle()
    for (let i = 0; i < this.#count; i++) {
      const level = levels[i] ?? 0
      if (level === this.#levels[i]) continue
      if (this.#hasLevels) this.#changes[i] = (this.#changes[i] ?? 0) + this.#weight
      this.#levels[i] = level
    }
    this.#hasLevels = true
    this.#lowest = lowest
    return true
  }

  /** From now on bills go to this context. Gives whether it is another one. */
  setContext(context: number): boolean {
    if (context === this.#context) return false
    this.#settle()
    this.#context = context
    return true
  }

  /** The sizer with the cheapest expected bill in the present context; `held` has the advantage of being there. */
  cheapest(held: number): number {
    this.#settle()
    const cost = this.#costs()
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#count; i++) {
      const price = cost(i) - (i === held ? this.#parameters.stick : 0)
      if (price < least) {
        least = price
        best = i
      }
    }
    return best
  }

  /** What a sizer has cost lately, over all contexts. */
  billOf(sizer: number): Bill {
    this.#settle()
    const allocated = this.#allocated[sizer] ?? 0
    return {
      unused: allocated > 0 ? Math.max(0, 1 - this.#used / allocated) : 0,
      short: (this.#short[sizer] ?? 0) / this.#time,
    }
  }

  serialise(): z.input<ReturnType<typeof virtualSizersState>> {
    this.#settle()
    const scale = 1 / this.#weight
    const pack = (values: Float64Array) => packNumbers(values.map(value => value * scale))
    return {
      sums: packNumbers([this.#used * scale, this.#time * scale, this.#given * scale]),
      allocated: pack(this.#allocated),
      short: pack(this.#short),
      changes: pack(this.#changes),
      contextAllocated: pack(this.#contextAllocated),
      contextShort: pack(this.#contextShort),
      contextTime: pack(this.#contextTime),
      levels: packNumbers(this.#levels),
      lastMs:
        this.#originMs === undefined ? null : this.#originMs + Math.log2(this.#weight) * this.#parameters.halfLifeMs,
      context: this.#context,
      hasLevels: this.#hasLevels,
    }
  }

  restore({ sums, lastMs, context, hasLevels, ...arrays }: SavedSizers): void {
    for (const [name, target] of this.#savedArrays()) target.set(arrays[name])
    this.#used = sums[0] ?? this.#used
    this.#time = sums[1] ?? this.#time
    this.#given = sums[2] ?? this.#given
    this.#originMs = lastMs ?? undefined
    this.#weight = 1
    this.#context = context
    this.#hasLevels = hasLevels
    this.#lowest = this.#levels.reduce((least, level) => Math.min(least, level), Number.POSITIVE_INFINITY)
  }

  #savedArrays() {
    return [
      ['allocated', this.#allocated],
      ['short', this.#short],
      ['changes', this.#changes],
      ['contextAllocated', this.#contextAllocated],
      ['contextShort', this.#contextShort],
      ['contextTime', this.#contextTime],
      ['levels', this.#levels],
    ] as const
  }

  #billShort(demand: number, weighted: number): void {
    const offset = this.#context * this.#count
    for (let i = 0; i < this.#count; i++) {
      if ((this.#levels[i] ?? 0) < demand) this.#addShort(i, offset, weighted)
    }
  }

  #billEntries(demand: number, weighted: number): void {
    const offset = this.#context * this.#count
    for (let i = 0; i < this.#count; i++) {
      const isShort = (this.#levels[i] ?? 0) < demand ? 1 : 0
      if (isShort === 1 && this.#isShort[i] === 0) this.#addShort(i, offset, weighted)
      this.#isShort[i] = isShort
    }
  }

  #addShort(sizer: number, offset: number, weighted: number): void {
    this.#short[sizer] = (this.#short[sizer] ?? 0) + weighted
    this.#contextShort[offset + sizer] = (this.#contextShort[offset + sizer] ?? 0) + weighted
  }

  /** Books the time since the levels or the context last moved. */
  #settle(): void {
    const weighted = this.#pending
    if (weighted === 0) return
    this.#pending = 0
    const offset = this.#context * this.#count
    this.#contextTime[this.#context] = (this.#contextTime[this.#context] ?? 0) + weighted
    for (let i = 0; i < this.#count; i++) {
      const size = weighted * (this.#levels[i] ?? 0)
      this.#allocated[i] = (this.#allocated[i] ?? 0) + size
      this.#contextAllocated[offset + i] = (this.#contextAllocated[offset + i] ?? 0) + size
    }
  }

  /** Expected cost of a sizer in this context: a share of unused size, so that containers of all sizes compare. */
  #costs(): (sizer: number) => number {
    const { risks, priorDays, contextDays, changePrice } = this.#parameters
    const day = MS_PER_DAY * this.#weight
    const prior = priorDays * day
    const lean = contextDays * day
    const scale = this.#riskScale(day)
    const time = this.#time
    const contextTime = this.#contextTime[this.#context] ?? 0
    const offset = this.#context * this.#count
    const mean = this.#given / time
    // how much the share of unused size rises with one more unit of size, where the container stands now
    const slope = this.#used / time / (mean * mean)
    const perHour = changePrice * MS_PER_HOUR
    return i => {
      const risk = ((this.#short[i] ?? 0) + prior * scale * (risks[i] ?? 0)) / (time + prior)
      const riskHere = ((this.#contextShort[offset + i] ?? 0) + lean * risk) / (contextTime + lean)
      const sizeHere =
        ((this.#contextAllocated[offset + i] ?? 0) + (lean * (this.#allocated[i] ?? 0)) / time) / (contextTime + lean)
      return slope * sizeHere + this.#price * riskHere + (perHour * (this.#changes[i] ?? 0)) / time
    }
  }

  /** How risky this container is compared with the typical one: each sizer's own risk over its typical one, on average. */
  #riskScale(day: number): number {
    const { risks, priorScale, scaleDays } = this.#parameters
    let sum = 0
    for (let i = 0; i < this.#count; i++) sum += (this.#short[i] ?? 0) / (risks[i] ?? 1)
    const evidence = scaleDays * day
    return (sum / this.#count + evidence * priorScale) / (this.#time + evidence)
  }

  #renormalise(timeMs: number): void {
    this.#settle()
    const scale = 1 / this.#weight
    for (const [name, values] of this.#savedArrays()) {
      if (name === 'levels') continue
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * scale
    }
    this.#used *= scale
    this.#time *= scale
    this.#given *= scale
    this.#originMs = timeMs
    this.#weight = 1
  }
}
