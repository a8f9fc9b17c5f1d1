/** The typed arrays that a saved state holds. */
type Saved = Float64Array | Float32Array | Uint32Array | Uint16Array | Int16Array | Uint8Array

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
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  // What is not base64 is passed over, and makes it shorter.
  const isWhole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding(text)
  return isWhole && bytes.length % kind.BYTES_PER_ELEMENT === 0 ? new kind(bytes.buffer) : undefined
}

function padding(text: string): number {
  if (!text.endsWith('=')) return 0
  return text.endsWith('==') ? 2 : 1
}
