import { z } from 'zod'
import { type ArrayKind, decodeArray, encodeArray } from '../../../forest/typed-array-text.ts'

/** Numbers as text, for saved state: 32-bit floats in base64, about 5.4 characters each. Exact to 7 digits. */
export function packNumbers(values: ArrayLike<number>): string {
  return encodeArray(Float32Array.from(values))
}

/** What `packNumbers` packed, so many finite numbers; any number of them when `count` is left out. */
export function packedNumbers(count?: number) {
  return packed(Float32Array, count).transform((floats, context) => {
    if (!floats.every(Number.isFinite)) context.addIssue('a number is not finite')
    return Float64Array.from(floats)
  })
}

/** Steps per doubling of `packSizes`: 0.14 % each. */
const STEPS_PER_DOUBLING = 512
/** Code 1 stands for this size; smaller ones become 0. 2^(65534/512) times more is the largest. */
const SMALLEST_SIZE = 1e-6

/**
 * Sizes (cores, MB; never negative) as text: two bytes each on a logarithmic scale, in base64. Rounded up by at most 0.14 %,
 * so that a remembered peak never shrinks by being saved.
 */
export function packSizes(values: ArrayLike<number>): string {
  return encodeArray(Uint16Array.from(values, sizeCode))
}

/** What `packSizes` packed, so many sizes; any number of them when `count` is left out. */
export function packedSizes(count?: number) {
  return packed(Uint16Array, count).transform(codes =>
    Float64Array.from(codes, code => (code === 0 ? 0 : SMALLEST_SIZE * 2 ** ((code - 1) / STEPS_PER_DOUBLING))),
  )
}

function sizeCode(value: number): number {
  if (!(value > SMALLEST_SIZE)) return 0
  // the small allowance keeps an already rounded size where it is
  const steps = Math.ceil(Math.log2(value / SMALLEST_SIZE) * STEPS_PER_DOUBLING - 1e-6)
  return Math.min(steps + 1, 65_535)
}

function packed<T extends Float32Array | Uint16Array>(kind: ArrayKind<T>, count: number | undefined) {
  return z.string().transform((text, context) => {
    const values = decodeArray(text, kind)
    if (values !== undefined && (count === undefined || values.length === count)) return values
    context.addIssue(`not ${count ?? 'an array of'} numbers`)
    return z.NEVER
  })
}
