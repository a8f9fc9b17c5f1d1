/*
 * A figure in 16 bits, as a number with 6 bits of exponent and 10 of mantissa, none of sign: from 2^-20 to 2^43, exact to
 * a two-thousandth of it, so that sizes in the steps that people use are exact. Smaller is 0.
 */

const MANTISSA_BITS = 10
const CODES_PER_DOUBLING = 1 << MANTISSA_BITS
const LEAST_EXPONENT = -20

/** Stands for a figure that is not known. */
export const UNKNOWN_CODE = 0xffff
const LARGEST_CODE = UNKNOWN_CODE - 1

/** Source: IEEE 754, binary64: the upper half holds a sign, 11 bits of exponent + 1023 and 20 of mantissa. */
const EXPONENT_BIAS = 1_023
const UPPER_MANTISSA_BITS = 20
const LOST_BITS = UPPER_MANTISSA_BITS - MANTISSA_BITS
const double = new DataView(new ArrayBuffer(8))

/** NaN, and what is negative or too large, is not known. */
export function encodeFigure(value: number): number {
  if (!(value >= 0)) return UNKNOWN_CODE
  double.setFloat64(0, value)
  // Half of what is lost is added: a mantissa that overflows by it makes the exponent one larger, as it should.
  const rounded = (double.getUint32(0) + (1 << (LOST_BITS - 1))) >>> LOST_BITS
  const code = rounded - (EXPONENT_BIAS + LEAST_EXPONENT) * CODES_PER_DOUBLING
  return code > LARGEST_CODE ? UNKNOWN_CODE : Math.max(0, code)
}

/** Of each exponent what the last bit of the mantissa is worth. */
const BIT_VALUES = Float64Array.from({ length: 64 }, (_, exponent) => 2 ** (exponent + LEAST_EXPONENT - MANTISSA_BITS))

/** NaN: not known. */
export function decodeFigure(code: number): number {
  if (code === UNKNOWN_CODE) return Number.NaN
  if (code === 0) return 0
  const mantissa = CODES_PER_DOUBLING + (code & (CODES_PER_DOUBLING - 1))
  return mantissa * (BIT_VALUES[code >>> MANTISSA_BITS] ?? Number.NaN)
}
