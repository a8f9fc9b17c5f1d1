const UINT32_RANGE = 4_294_967_296
const HIGH_BITS = 67_108_864
const FRACTION_RANGE = 9_007_199_254_740_992

/** Spreads the bits of a seed, so that neighbouring seeds give unrelated streams. Source: Stafford's mix of splitmix32. */
function mix(state: number): number {
  let z = state | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

/**
 * A seeded stream of random numbers, the only source of randomness of the forest: the same seed and stream give the same numbers on every
 * machine. Source: Chris Doty-Humphrey's sfc32 (PractRand).
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** @param stream numbers independent streams of one seed, as one per tree */
  constructor(seed: number, stream = 0) {
    const low = seed | 0
    const high = Math.floor(seed / UINT32_RANGE) | 0
    this.#a = mix(low + 0x9e3779b9)
    this.#b = mix(high ^ mix(low ^ 0x243f6a88))
    this.#c = mix((stream | 0) + 0x85a308d3)
    for (let round = 0; round < 12; round++) this.uint32()
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** From 0 up to, never including, 1, with all 53 bits of a double. */
  uniform(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * HIGH_BITS + low) / FRACTION_RANGE
  }

  /** A whole number from 0 to `limit` - 1, each as likely as the others. `limit` is at most 2^32. */
  below(limit: number): number {
    const unbiased = UINT32_RANGE - (UINT32_RANGE % limit)
    let drawn = this.uint32()
    while (drawn >= unbiased) drawn = this.uint32()
    return drawn % limit
  }
}
