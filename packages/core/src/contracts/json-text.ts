const FIRST_BYTES = 4_096
const GROWTH = 1.25
/** More than the longest number takes, `-2.2250738585072014e-308`. */
const NUMBER_BYTES = 32

const NULL = asciiBytes('null')
const DIGIT_0 = 48
const DOT = 46
/** Above this a number of thousandths is not exact any more. */
const LARGEST_EXACT = 1e12
/** Digits that are written at a time: numbers of nine digits are integers for the engine, larger ones are not. */
const PART = 1e9

/**
 * JSON of figures, put together in a buffer that is used again: strings of a thousand containers, made anew in each cycle,
 * would be the greater part of the garbage.
 */
export class JsonText {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  clear(): void {
    this.#length = 0
  }

  /** What was put. Valid until the next call of `clear` or of one that puts. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  toString(): string {
    return this.#bytes.toString('latin1', 0, this.#length)
  }

  put(ascii: Uint8Array): void {
    this.#reserve(ascii.length)
    const bytes = this.#bytes
    const start = this.#length
    for (let at = 0; at < ascii.length; at++) bytes[start + at] = ascii[at] as number
    this.#length = start + ascii.length
  }

  putText(ascii: string): void {
    this.#reserve(ascii.length)
    this.#length += this.#bytes.write(ascii, this.#length, 'latin1')
  }

  /** A number as it is; null for one that is not known. */
  putWhole(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) this.put(NULL)
    else if (Number.isSafeInteger(value) && value >= 0) this.#putDigits(value)
    else this.putText(String(value))
  }

  /** Three decimals, without the zeros at the end; of a number that has none to spare, all of them. */
  putFigure(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) this.put(NULL)
    else if (Math.abs(value) > LARGEST_EXACT) this.putText(String(value))
    else if (value < 0) this.putText(String(Math.round(value * 1_000) / 1_000))
    else this.#putThousandths(Math.round(value * 1_000))
  }

  #putThousandths(thousandths: number): void {
    const whole = Math.floor(thousandths / 1_000)
    this.#putDigits(whole)
    let rest = thousandths - whole * 1_000
    if (rest === 0) return
    const bytes = this.#bytes
    bytes[this.#length++] = DOT
    for (let unit = 100; rest > 0; unit /= 10) {
      const digit = Math.floor(rest / unit)
      bytes[this.#length++] = DIGIT_0 + digit
      rest -= digit * unit
    }
  }

  /** Of a number of at most 2^53. */
  #putDigits(value: number): void {
    this.#reserve(NUMBER_BYTES)
    if (value < PART) {
      this.#putPart(value, digitsOf(value))
      return
    }
    const high = Math.floor(value / PART)
    this.#putPart(high, digitsOf(high))
    this.#putPart(value - high * PART, 9)
  }

  #putPart(value: number, digits: number): void {
    const bytes = this.#bytes
    const end = this.#length + digits
    let rest = value | 0
    for (let at = end - 1; at >= this.#length; at--) {
      const tenth = (rest / 10) | 0
      bytes[at] = DIGIT_0 + rest - tenth * 10
      rest = tenth
    }
    this.#length = end
  }

  #reserve(count: number): void {
    const bytes = this.#length + count
    if (bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.ceil(bytes * GROWTH))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** The bytes of a text of ASCII characters. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

function digitsOf(value: number): number {
  let digits = 1
  for (let bound = 10; bound <= value; bound *= 10) digits++
  return digits
}
