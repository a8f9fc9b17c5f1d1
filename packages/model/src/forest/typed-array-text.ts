import { AutoscaleError } from '@lxc-autoscale/core'

/** The typed arrays that a saved state holds. */
type Saved = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Int16Array

interface Kind<T> {
  new (buffer: ArrayBuffer): T
  readonly BYTES_PER_ELEMENT: number
}

/** The bytes of `values` as base64 text. Little-endian, as every machine that Node.js runs on. */
export function encodeArray(values: Saved): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
}

/**
 * The array that `encodeArray` wrote.
 * @param name what is read, for the message
 * @throws {AutoscaleError} STATE_INVALID when the text is not base64 or its length is not one of whole elements.
 */
export function decodeArray<T>(text: string, kind: Kind<T>, name: string): T {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text || bytes.length % kind.BYTES_PER_ELEMENT !== 0) {
    throw new AutoscaleError(
      'STATE_INVALID',
      `${name}: damaged, not an array of ${kind.BYTES_PER_ELEMENT}-byte numbers`,
    )
  }
  return new kind(Uint8Array.from(bytes).buffer)
}
