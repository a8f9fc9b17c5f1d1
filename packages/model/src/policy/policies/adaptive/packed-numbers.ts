import { z } from 'zod'
import { type ArrayKind, decodeArray, encodeArray } from '../../../forest/typed-array-text.ts'

/** Numbers as text, for saved state: 32-bit floats in base64, about 5.4 characters each. Exact to 7 digits. */
export function packNumbers(values: ArrayLike<number>): string {
  return encodeArray(Float32Array.from(values))
}

/** What `packNumbers` packed, so many finite numbers; any number of them when `count` is left out. */
export function packedNumbers(count?: number) {
  return packedArray(Float32Array, count).transform((floats, context) => {
    if (!floats.every(Number.isFinite)) context.addIssue('a number is not finite')
    return Float64Array.from(floats)
  })
}

/** An array that `encodeArray` wrote, of so many elements; of any number of them when `count` is left out. */
export function packedArray<T extends Float32Array | Uint16Array | Uint8Array>(kind: ArrayKind<T>, count?: number) {
  return z.string().transform((text, context) => {
    const values = decodeArray(text, kind)
    if (values !== undefined && (count === undefined || values.length === count)) return values
    context.addIssue(`not ${count ?? 'an array of'} numbers`)
    return z.NEVER
  })
}
