import { z } from 'zod'
import { packedNumbers, packNumbers } from './packed-numbers.ts'

/** Buckets grow by 2 % each from 0.005 cores; the last one starts above 1,000 cores. */
const FIRST = 0.005
const RATIO = 1.02
const COUNT = 420
const STARTS = Float64Array.from({ length: COUNT + 1 }, (_, k) => (FIRST * (RATIO ** k - 1)) / (RATIO - 1))
const LOG_RATIO = Math.log(RATIO)
/** Exponent of two at which the weights are scaled down. */
const RENORMALISE_AT = 100

/** What `serialise` gives. */
export const DecayingHistogramState = z.object({
  referenceMs: z.number().nullable(),
  totalExponent: z.number().nullable(),
  shares: packedNumbers().refine(shares => shares.length <= COUNT),
})

/** A histogram of cores in which a sample's weight halves every `halfLifeMs`. Source: the Vertical Pod Autoscaler's decaying histogram. */
export class DecayingHistogram {
  readonly #halfLifeMs: number
  #weights: Float64Array = new Float64Array(COUNT)
  #total = 0
  #referenceMs: number | undefined

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  add(timeMs: number, cores: number, weight: number): void {
    this.#referenceMs ??= timeMs
    let exponent = (timeMs - this.#referenceMs) / this.#halfLifeMs
    if (exponent > RENORMALISE_AT) {
      const scale = 2 ** -exponent
      this.#weights = this.#weights.map(each => each * scale)
      this.#total *= scale
      this.#referenceMs = timeMs
      exponent = 0
    }
    const scaled = weight * 2 ** exponent
    const bucket = bucketOf(cores)
    this.#weights[bucket] = (this.#weights[bucket] ?? 0) + scaled
    this.#total += scaled
  }

  /** Upper end of the bucket in which the share `quantile` (0-1) of the weight is reached; 0 when empty. */
  quantile(quantile: number): number {
    if (this.#total <= 0) return 0
    const limit = quantile * this.#total
    let sum = 0
    let bucket = 0
    for (; bucket < COUNT - 1; bucket++) {
      sum += this.#weights[bucket] ?? 0
      if (sum >= limit) break
    }
    return STARTS[bucket + 1] ?? 0
  }

  serialise(): z.input<typeof DecayingHistogramState> {
    const scale = this.#total > 0 ? 1 / this.#total : 0
    const used = this.#weights.reduce((last, weight, k) => (weight > 0 ? k + 1 : last), 0)
    return {
      referenceMs: this.#referenceMs ?? null,
      totalExponent: this.#total > 0 ? Math.log2(this.#total) : null,
      shares: packNumbers(this.#weights.subarray(0, used).map(weight => weight * scale)),
    }
  }

  restore({ referenceMs, totalExponent, shares }: z.output<typeof DecayingHistogramState>): void {
    if (referenceMs === null) return
    const total = 2 ** (totalExponent ?? 0)
    this.#weights.set(shares.map(share => share * total))
    this.#total = this.#weights.reduce((sum, weight) => sum + weight, 0)
    this.#referenceMs = referenceMs
  }
}

function bucketOf(cores: number): number {
  if (!(cores >= FIRST)) return 0
  const guess = Math.floor(Math.log((cores * (RATIO - 1)) / FIRST + 1) / LOG_RATIO)
  if (guess >= COUNT) return COUNT - 1
  // rounding at the edge of a bucket
  if (cores >= (STARTS[guess + 1] ?? Number.POSITIVE_INFINITY)) return Math.min(guess + 1, COUNT - 1)
  return cores < (STARTS[guess] ?? 0) ? guess - 1 : guess
}
