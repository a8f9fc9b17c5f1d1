/** The typed arrays that a saved state holds. */
type Saved = Float64Array | Float32Array | Uint16Array | Int16Array | Uint8Array

export interface ArrayKind<T> {
  new (buffer: ArrayBuffer): T
  readonly BYTES_PER_ELEMENT: number
}

/** The bytes of `values` as base64 text. Little-endian, as every machine that Node.js runs on. */
export function encodeArray(values: Saved): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
}

/** The array that `encodeArray` wrote; undefined when the text is not base64 or its length is not one of whole elements. */
export function decodeArray<T>(text: string, kind: ArrayKind<T>): T | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text || bytes.length % kind.BYTES_PER_ELEMENT !== 0) return undefined
  return new kind(Uint8Array.from(bytes).buffer)
}
