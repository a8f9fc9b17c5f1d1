import { type FieldList, SAMPLE_FIELDS, SUMMARY_FIELDS } from './metrics-fields.ts'
import type { ContainerSample, CycleSummary, MetricsCycle } from './metrics-file.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LETTER_S = 0x73
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const FEWEST_VMID_DIGITS = 3
const MOST_VMID_DIGITS = 9
/** So many digits are exact as a whole number, and so is their quotient by a power of ten rounded. Source: Clinger, 1990. */
const MOST_DIGITS = 15
const POWERS_OF_TEN = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, exponent) => 10 ** exponent)
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$/
const TIME_LENGTH = 25
/** Bytes that are compared at once. */
const WORD = 4

/** Where reading goes on; -1 when what stands there is not what is read. */
const cursor = { at: 0 }
/** The time that was read last, and its text: most times are that of the one before. */
const lastTime = { ms: Number.NaN, text: new DataView(new ArrayBuffer(TIME_LENGTH)) }

/** The bytes of a line, up to `end`. */
interface Line {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly end: number
}

const passName = passerOf(':{"timestamp":"')
const passStart = passerOf('"summary":{"collection_start_time":"')
const passEnd = passerOf(',"collection_end_time":"')
const readFigures = readerOf<ContainerSample>('timestampMs', SAMPLE_FIELDS)
const readSummaryFigures = readerOf<Omit<CycleSummary, 'collectionStartMs'>>('collectionEndMs', SUMMARY_FIELDS)

/**
 * The cycle in `bytes` from `from` to `end`, when it stands there letter by letter in the form that the writer gives it. Undefined when it
 * does not, good or bad: `parseCycle` says which. What it reads it reads as that one does, in less time: no text is made of the bytes, and
 * no JSON object.
 */
export function readLine(bytes: Uint8Array, from: number, end: number): MetricsCycle | undefined {
  if (bytes[from] !== OPEN_BRACE || end > bytes.length) return undefined
  const line = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), end }
  const containers = new Map<number, ContainerSample>()
  let at = from + 1
  for (let before = 0; bytes[at + 1] !== LETTER_S; at = cursor.at + 1) {
    const vmid = readVmid(bytes, at)
    // In another order they would come out of JSON in this one.
    const sample = vmid > before ? readSample(line, cursor.at) : undefined
    if (sample === undefined || bytes[cursor.at] !== COMMA) return undefined
    containers.set(vmid, sample)
    before = vmid
  }
  const summary = readSummary(line, at)
  const isAtEnd = cursor.at === end - 1 && bytes[cursor.at] === CLOSE_BRACE
  return summary === undefined || !isAtEnd ? undefined : { containers, summary }
}

function readSample(line: Line, at: number): ContainerSample | undefined {
  const timestampMs = readTime(line, passName(line, at))
  return Number.isNaN(timestampMs) ? undefined : readFigures(line, cursor.at, timestampMs)
}

function readSummary(line: Line, at: number): CycleSummary | undefined {
  const collectionStartMs = readTime(line, passStart(line, at))
  const endMs = readTime(line, passEnd(line, cursor.at))
  const rest = Number.isNaN(collectionStartMs + endMs) ? undefined : readSummaryFigures(line, cursor.at, endMs)
  return rest === undefined ? undefined : { collectionStartMs, ...rest }
}

/** The number of a container within quotes; 0 when there is none. */
function readVmid(bytes: Uint8Array, from: number): number {
  let at = from + 1
  let vmid = 0
  for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) vmid = vmid * 10 + byte - ZERO
  const digits = at - from - 1
  const isSound = bytes[from] === QUOTE && bytes[from + 1] !== ZERO && bytes[at] === QUOTE
  cursor.at = at + 1
  return isSound && digits >= FEWEST_VMID_DIGITS && digits <= MOST_VMID_DIGITS ? vmid : 0
}

/** A time as `formatTime` gives it, with the quote after it; NaN when there is none. */
function readTime({ view, end }: Line, at: number): number {
  cursor.at = at + TIME_LENGTH
  if (at < 0 || cursor.at > end) return Number.NaN
  const { text } = lastTime
  for (let i = 0; i < TIME_LENGTH; i++) {
    if (view.getUint8(at + i) === text.getUint8(i)) continue
    noteTime(view, at)
    break
  }
  return lastTime.ms
}

function noteTime(view: DataView, at: number): void {
  let text = ''
  for (let i = 0; i < TIME_LENGTH; i++) {
    const byte = view.getUint8(at + i)
    lastTime.text.setUint8(i, byte)
    text += String.fromCharCode(byte)
  }
  lastTime.ms = TIME.test(text) ? Date.parse(text.slice(0, -1)) : Number.NaN
}

/** A number as JSON has it, with few digits, no sign and no exponent; -1 when there is none. */
function readNumber(bytes: Uint8Array, from: number): number {
  let at = from
  let digits = 0
  let byte = bytes[at] ?? 0
  for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) digits = digits * 10 + byte - ZERO
  const wholeDigits = at - from
  if (byte === DOT) {
    byte = bytes[++at] ?? 0
    for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) digits = digits * 10 + byte - ZERO
  }
  cursor.at = at
  const decimals = at - from - wholeDigits - 1
  const hasLeadingZero = wholeDigits > 1 && bytes[from] === ZERO
  if (wholeDigits === 0 || hasLeadingZero || decimals === 0 || at - from > MOST_DIGITS) return -1
  return decimals < 0 ? digits : digits / (POWERS_OF_TEN[decimals] ?? 1)
}

/*
 * What follows puts code together, as the writer does and for the same reason. `p` is where it reads in the bytes `b`, which it also sees as
 * `view`; where something else stands than expected, it gives -1 or undefined.
 */

/** Code that goes on after `text`. */
function passing(text: string, otherwise: string): string {
  const words = Buffer.from(text)
  const places = Array.from({ length: Math.ceil(words.length / WORD) }, (_, i) =>
    Math.min(i * WORD, words.length - WORD),
  )
  const isOther = places.map(at => `view.getInt32(p+${at},true)!==${words.readInt32LE(at)}`)
  return `if(p+${words.length}>end||${isOther.join('||')})return ${otherwise};p+=${words.length};`
}

/** Gives the place after `text`, or -1. */
function passerOf(text: string): (line: Line, at: number) => number {
  return new Function('line', 'p', `const{view,end}=line;if(p<0)return-1;${passing(text, '-1')}return p`) as never
}

/** Code that reads `null` or something else. */
function nullOr(other: string): string {
  return `if(b[p]===110){${passing('null', '')}}else{${other}}`
}

/** Reads the fields of a list, each after its name and in the order of the list, up to the brace that ends them. */
function readerOf<Result>(
  time: string,
  list: FieldList,
): (line: Line, at: number, timeMs: number) => Result | undefined {
  const code: string[] = []
  let variables = 0
  /** Code for one figure after `name`; gives its variable. */
  const figure = (name: string, missing?: number) => {
    const variable = `v${variables++}`
    const number = `${variable}=number(b,p);if(${variable}<0)return;p=cursor.at`
    return { variable, code: `${passing(name, '')}let ${variable}=${missing};${nullOr(number)}` }
  }
  const members = Object.entries(list).map(([name, field]) => {
    if ('form' in field) {
      const { variable, code: reading } = figure(`,"${field.wire}":`, field.missing)
      code.push(reading)
      return `${name}:${variable}`
    }
    const group = `v${variables++}`
    const inner = Object.entries(field.members).map(([member, { wire }], i) => ({
      member,
      ...figure(`${i === 0 ? '{' : ','}"${wire}":`),
    }))
    const isKnown = field.isWhole ? inner.map(({ variable }) => `${variable}!==undefined`).join('&&') : 'true'
    const value = `if(${isKnown})${group}={${inner.map(({ member, variable }) => `${member}:${variable}`)}}`
    const braced = `${inner.map(({ code: reading }) => reading).join('')}if(b[p++]!==${CLOSE_BRACE})return;${value}`
    code.push(`${passing(`,"${field.wire}":`, '')}let ${group};${nullOr(braced)}`)
    return `${name}:${group}`
  })
  const body = `${code.join('')}if(b[p]!==${CLOSE_BRACE})return;cursor.at=p+1;return{${time}:timeMs,${members}}`
  const read = `return(line,p,timeMs)=>{const{bytes:b,view,end}=line;${body}}`
  return new Function('cursor', 'number', read)(cursor, readNumber)
}
