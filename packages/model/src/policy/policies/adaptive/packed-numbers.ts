/** Numbers as text, for saved state: little-endian 32-bit floats in base64, about 5.4 characters each. Exact to 7 digits. */
export function packNumbers(values: ArrayLike<number>): string {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] ?? 0, true)
  return encodeBase64(bytes)
}

/** What `packNumbers` packed; undefined when the text is no such thing or holds another count, or a number that is not finite. */
export function unpackNumbers(text: unknown, count: number): Float64Array | undefined {
  const bytes = decodeBase64(text)
  if (bytes === undefined || bytes.length !== count * 4) return undefined
  const view = new DataView(bytes.buffer)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = view.getFloat32(i * 4, true)
  return values.every(Number.isFinite) ? values : undefined
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
  const bytes = new Uint8Array(values.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) view.setUint16(i * 2, sizeCode(values[i] ?? 0), true)
  return encodeBase64(bytes)
}

/** What `packSizes` packed; undefined when the text is no such thing or holds another count. */
export function unpackSizes(text: unknown, count: number): Float64Array | undefined {
  const bytes = decodeBase64(text)
  if (bytes === undefined || bytes.length !== count * 2) return undefined
  const view = new DataView(bytes.buffer)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const code = view.getUint16(i * 2, true)
    values[i] = code === 0 ? 0 : SMALLEST_SIZE * 2 ** ((code - 1) / STEPS_PER_DOUBLING)
  }
  return values
}

function sizeCode(value: number): number {
  if (!(value > SMALLEST_SIZE)) return 0
  // the small allowance keeps an already rounded size where it is
  const steps = Math.ceil(Math.log2(value / SMALLEST_SIZE) * STEPS_PER_DOUBLING - 1e-6)
  return Math.min(steps + 1, 65_535)
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const given = Math.min(bytes.length - i, 3)
    for (let k = 0; k < 4; k++) text += k > given ? '=' : ALPHABET[(group >> (18 - 6 * k)) & 63]
  }
  return text
}

function decodeBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 4 !== 0) return undefined
  const end = text.endsWith('==') ? text.length - 2 : text.length - (text.endsWith('=') ? 1 : 0)
  const bytes = new Uint8Array(Math.floor((end * 6) / 8))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < end; i++) {
    const digit = ALPHABET.indexOf(text[i] ?? '')
    if (digit < 0) return undefined
    held = ((held << 6) | digit) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (held >> bits) & 0xff
  }
  return bytes
}
