import { isUtf8 } from 'node:buffer'
import { ConfigError } from '../errors.ts'

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = '\uFEFF'
/** What no YAML text may hold. Source: YAML 1.2.2, c-printable. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/

/** A space of another kind where YAML wants a plain one, as web pages and word processors write it. */
const FOREIGN_SPACE = /^(?:[ \t]*|[^#"'\n]*:)([\u00a0\u2000-\u200b\u202f\u3000\ufeff])/m

/**
 * The text that the bytes of a configuration file are, with line ends of one kind.
 * @throws {ConfigError} naming the line when they are not UTF-8, or hold what no text has.
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  const refuse = (line: number, message: string) => new ConfigError([{ file, line, key: '', message }])
  const wide = wideEncoding(bytes)
  if (wide !== undefined) throw refuse(1, `is ${wide} text: save it as UTF-8`)
  if (!isUtf8(bytes)) {
    const { line, byte } = firstForeignByte(bytes)
    throw refuse(line, `is not UTF-8 (${byte}): save the file as UTF-8`)
  }
  const text = Buffer.from(bytes).toString('utf8').replace(BYTE_ORDER_MARK, '').replaceAll(/\r\n?/g, '\n')
  const unprintable = UNPRINTABLE.exec(text)
  if (unprintable !== null) {
    throw refuse(lineAt(text, unprintable.index), `holds the control character ${codeOf(unprintable[0])}: remove it`)
  }
  const foreign = FOREIGN_SPACE.exec(text)
  if (foreign !== null) {
    const message = `holds a space of another kind (${codeOf(foreign[1] ?? '')}): write a plain one`
    throw refuse(lineAt(text, foreign.index + foreign[0].length - 1), message)
  }
  return text
}

function codeOf(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** The line, from 1 on, in which the character at `offset` stands. */
function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** UTF-16 or UTF-32, by its mark or by the zero bytes that every ASCII character then has. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const [first, second, third, fourth] = bytes
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (hasMark) return third === 0 && fourth === 0 ? 'UTF-32' : 'UTF-16'
  const head = bytes.subarray(0, 1_024)
  const zeros = head.filter(byte => byte === 0).length
  if (head.length < 4 || zeros < head.length / 3) return undefined
  return zeros > head.length * 0.6 ? 'UTF-32' : 'UTF-16'
}

function firstForeignByte(bytes: Uint8Array): { readonly line: number; readonly byte: string } {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline === -1 ? bytes.length : newline
    const inLine = bytes.subarray(start, end)
    if (!isUtf8(inLine)) return { line, byte: foreignByte(inLine) }
    start = end + 1
  }
  return { line: 1, byte: 'its bytes' }
}

function foreignByte(line: Uint8Array): string {
  let at = 0
  while (at < line.length) {
    const length = [1, 2, 3, 4].find(bytes => at + bytes <= line.length && isUtf8(line.subarray(at, at + bytes)))
    if (length === undefined) break
    at += length
  }
  const byte = line[at] ?? 0
  const latin = byte >= 0xa0 ? `, in Latin-1 the letter ${String.fromCharCode(byte)}` : ''
  return `byte 0x${byte.toString(16).toUpperCase()}${latin}`
}
