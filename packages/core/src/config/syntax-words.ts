import { type Document, isMap, isScalar, isSeq, type YAMLParseError } from 'yaml'
import type { Path } from './schema-tree.ts'
import { isSecretKey } from './secret-key.ts'

interface Place {
  readonly text: string
  /** Where the parser noticed. */
  readonly offset: number
  readonly path: Path
  /** What the parser says, as some of its codes stand for several things. */
  readonly said: string
}

/** The first thing that is no YAML in `text`, in our words. What the parser finds after it follows from it. */
export function syntaxProblem(document: Document.Parsed, text: string, keys: () => ReadonlySet<string>) {
  const [error] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])
  if (error === undefined) return undefined
  const [offset] = error.pos
  const path = pathByIndent(text, offset) ?? pathAt(document, offset)
  const place = { text, offset, path, said: error.message }
  return slipNear(error, place, keys()) ?? { ...place, message: WORDS[error.code](place) }
}

/** That a text must stand in quotes, and how that looks; a secret is not shown. */
export function mustBeQuoted(path: Path, text: string): string {
  const key = path.findLast(step => typeof step === 'string')
  const message = `a text that begins with ${text[0]} must be quoted`
  return typeof key === 'string' && isSecretKey(key) ? message : `${message}: '${shortened(text)}'`
}

/** A slip of the pen that the parser notices only in what follows: its line says more than the parser can. */
function slipNear(error: YAMLParseError, { text, offset }: Place, keys: ReadonlySet<string>) {
  const [from, to] = [lineStart(text, lineStart(text, offset) - 1), lineEnd(text, lineEnd(text, error.pos[1]) + 1)]
  for (let start = from; start < to; start = lineEnd(text, start) + 1) {
    const line = text.slice(start, lineEnd(text, start))
    const [, indent = '', rest = ''] = /^([ \t-]*)(.*)$/.exec(line) ?? []
    const path = pathByIndent(text, start) ?? []
    if (/^ *\t/.test(line)) return { path, offset: start, message: 'is indented with a tab: use spaces' }
    const slip = keySlip(rest)
    if (slip !== undefined && keys.has(slip.key) && !(slip.isBare && indent.includes('-'))) {
      return { path: path.length > 0 ? path : [slip.key], offset: start + indent.length, message: slip.message }
    }
  }
  return misindented(error, text, offset)
}

interface KeySlip {
  readonly key: string
  readonly message: string
  /** Nothing of a key but its name, which any text may be. */
  readonly isBare: boolean
}

/** `key:value`, `key = value`, `key value` or `key` in the place of `key: value`; undefined when `text` is none of these. */
export function keySlip(text: string): KeySlip | undefined {
  const [, key, sign = '', value = ''] = /^([\w.-]+)(:(?=[^\s:/])| *= *)(\S.*)$/m.exec(text) ?? []
  if (key === undefined) return missingColon(text)
  const missing = sign === ':' ? 'a space is missing after the colon' : 'a colon is written, not ='
  return { key, message: `${missing}: ${key}: ${isSecretKey(key) ? '...' : shortened(value)}`, isBare: false }
}

function missingColon(text: string): KeySlip | undefined {
  const [, key, value = ''] = /^([\w.-]+)(?: +([^\s:=#][^:]*?))? *$/m.exec(text) ?? []
  if (key === undefined) return undefined
  const right = value === '' ? `${key}:` : `${key}: ${isSecretKey(key) ? '...' : shortened(value)}`
  return { key, message: `a colon is missing after the key: ${right}`, isBare: true }
}

/** `a: 1`, and below it a key that is indented further: the parser takes it for the second line of the value. */
function misindented(error: YAMLParseError, text: string, offset: number) {
  if (!['BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY', 'BAD_INDENT'].includes(error.code)) return undefined
  const start = lineStart(text, offset)
  const next = lineEnd(text, offset) + 1
  const [above, below] = [indentOf(text, start), indentOf(text, next)]
  if (
    next >= text.length ||
    below <= above ||
    !/^ *[\w.-]+:(?: |\n|$)/.test(text.slice(next, lineEnd(text, next) + 1))
  ) {
    return undefined
  }
  const message = `is indented by ${below} spaces, the keys above it by ${above}: make them the same`
  const [key = ''] = pathByIndent(text, next)?.slice(-1) ?? []
  return { path: [...(pathByIndent(text, start)?.slice(0, -1) ?? []), key], offset: next + below, message }
}

type Words = (place: Place) => string

const quoted: Words = ({ text, offset, path }) => mustBeQuoted(path, wordAt(text, offset))
const colonWithin: Words = () => 'a text with a colon and a space in it must be quoted'
const unclosed = (opening: string) => `${opening} is not closed`

/** Each code of the parser in our words. Source: yaml 2, errors.ts. */
const WORDS: Readonly<Record<YAMLParseError['code'], Words>> = {
  ALIAS_PROPS: quoted,
  BAD_ALIAS: quoted,
  BAD_COLLECTION_TYPE: () => 'a tag (!) means nothing here: leave it out',
  BAD_DIRECTIVE: () => missingWords('directives-end'),
  BAD_DQ_ESCAPE: () => "\\ begins an escape within double quotes: use single quotes ('...')",
  BAD_INDENT: ({ said }) => (/end with/.test(said) ? missingWords(said) : 'is not indented as what it belongs to'),
  BAD_PROP_ORDER: quoted,
  BAD_SCALAR_START: quoted,
  BLOCK_AS_IMPLICIT_KEY: colonWithin,
  BLOCK_IN_FLOW: () => unclosed('a [ or { before this'),
  DUPLICATE_KEY: () => 'stands twice',
  IMPOSSIBLE: () => 'cannot be read as YAML',
  KEY_OVER_1024_CHARS: () => 'a key of more than 1024 characters',
  MISSING_CHAR: ({ said }) => missingWords(said),
  MULTILINE_IMPLICIT_KEY: () => 'a key and its colon must stand on one line, as in key: value',
  MULTIPLE_ANCHORS: quoted,
  MULTIPLE_DOCS: () => 'a second document begins here (`---`): a file holds one',
  MULTIPLE_TAGS: quoted,
  NON_STRING_KEY: () => 'a section or a list cannot be the name of a key',
  RESOURCE_EXHAUSTION: () => 'sections and lists lie far too deep in each other',
  TAB_AS_INDENT: () => 'is indented with a tab: use spaces',
  TAG_RESOLVE_FAILED: () => 'a tag (!) means nothing here: leave it out, or quote the text',
  UNEXPECTED_TOKEN: place => unexpected(place),
}

/** By what the parser says is missing. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/closing 'quote/, unclosed("the quote '")],
  [/closing "quote/, unclosed('the quote "')],
  [/end with a \]/, unclosed('the list [')],
  [/end with a \}/, unclosed('the section {')],
  [/directives-end/, 'a line that begins with % is no key'],
  [/^Comments/, 'a space is missing before #; a text with # in it must be quoted'],
  [/without - indicator/, 'is no entry of the list above it: begin it with "- ", or indent it less'],
  [/^Missing , /, 'a comma is missing between two entries'],
  [/space after :/, 'a space is missing after the colon'],
  [/map values/, 'a colon and a value are missing after the key, as in key: value'],
  [/^Tags and anchors/, 'a text that begins with & or ! must be quoted'],
]

function missingWords(said: string): string {
  return MISSING.find(([pattern]) => pattern.test(said))?.[1] ?? 'cannot be read as YAML: quote the text'
}

function unexpected({ text, offset, path }: Place): string {
  const key = path.findLast(step => typeof step === 'string')
  if (typeof key === 'string' && isSecretKey(key)) return 'something here does not belong to the value: quote it'
  const [, first] =
    /^\s*(?:- +)*([*&!%@`]\S*?):?(?:\s|$)/.exec(text.slice(lineStart(text, offset), lineEnd(text, offset))) ?? []
  if (first !== undefined) return mustBeQuoted(path, first)
  const word = wordAt(text, offset)
  return `${word} does not belong here; a text with quotes or brackets in it must be quoted`
}

/** A line with a key at its begin: how far it is indented, and the key. */
const KEY_LINE = /^([ \t]*(?:- +)?)["']?([\w.-]+)["']?:(?![/\\])(.*)$/

/**
 * The keys above the line of `offset`, by their indentation, and that of the line itself: where the parser lost its way. Undefined when
 * the line begins with no key, or `offset` lies within brackets.
 */
function pathByIndent(text: string, offset: number): Path | undefined {
  const start = lineStart(text, offset)
  const [, indent, key, rest = ''] = KEY_LINE.exec(text.slice(start, lineEnd(text, offset))) ?? []
  if (indent === undefined || key === undefined || /[[{]/.test(rest)) return undefined
  const path = [key]
  let width = indent.length
  for (let end = start - 1; end > 0 && width > 0; end = lineStart(text, end) - 1) {
    const [, above, section] = KEY_LINE.exec(text.slice(lineStart(text, end), end)) ?? []
    if (above === undefined || section === undefined || above.length >= width) continue
    path.unshift(section)
    width = above.length
  }
  return path
}

/** The keys down to the value in which `offset` lies, lists as a whole. */
function pathAt(document: Document.Parsed, offset: number): Path {
  const path: string[] = []
  let node: unknown = document.contents
  for (;;) {
    const inside: unknown[] = isMap(node) || isSeq(node) ? node.items : []
    const last = inside.findLast(item => (startOf(item) ?? Infinity) <= offset)
    if (last === undefined) return path
    node = last
    if (isPairLike(last)) {
      if (isScalar(last.key)) path.push(String(last.key.source ?? last.key.value))
      node = last.value
    }
  }
}

function isPairLike(item: unknown): item is { readonly key: unknown; readonly value: unknown } {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item && !isScalar(item)
}

function startOf(item: unknown): number | undefined {
  const node = isPairLike(item) ? item.key : item
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined
}

function wordAt(text: string, offset: number): string {
  return shortened(/^[^\s,\]}]+/.exec(text.slice(offset, offset + 200))?.[0] ?? text.charAt(offset).trim())
}

function shortened(text: string): string {
  return text.length <= 40 ? text.trim() : `${text.slice(0, 37)}...`
}

function indentOf(text: string, start: number): number {
  let at = start
  while (text[at] === ' ') at++
  return at - start
}

function lineStart(text: string, offset: number): number {
  return offset <= 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
}

function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset)
  return newline === -1 ? text.length : newline
}
