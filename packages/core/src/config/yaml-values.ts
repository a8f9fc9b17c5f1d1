import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { pythonScalar } from './python-scalar.ts'
import type { Path } from './schema-tree.ts'
import { mustBeQuoted, syntaxProblem } from './syntax-words.ts'

/** Deeper than any configuration; what composes the tree calls itself once per level. */
const MOST_LEVELS = 64
const MOST_WORDS = 120_000
/** Values with those that aliases stand for. */
const MOST_VALUES = 50_000

const KNOWN_TAGS = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/

export interface PlacedProblem {
  readonly path: Path
  readonly line: number
  readonly message: string
}

/** A key that stands twice in its section. */
export interface Repeated {
  readonly path: Path
  readonly firstLine: number
  readonly lastLine: number
}

/**
 * Whose rules hold. `ours`: YAML 1.2, and whatever somebody may not have meant is a problem. `python`: as PyYAML reads the files of
 * the predecessors.
 */
export type Dialect = 'ours' | 'python'

export interface YamlValues {
  /** Undefined when there is nothing but comments. */
  readonly value: unknown
  readonly problems: readonly PlacedProblem[]
  /** In the dialect of Python only: ours has a problem instead. */
  readonly repeated: readonly Repeated[]
  /** The line of the key that `path` leads to, or of the nearest section above it. */
  lineOf(path: Path): number | undefined
  /** How the value there is spelt. */
  spellingOf(path: Path): string | undefined
}

/**
 * All values of a YAML text. Never throws, and takes time and memory in proportion to the text.
 * @param keys those that may stand in it; asked for when something is wrong
 */
export function readYaml(text: string, dialect: Dialect, keys = (): ReadonlySet<string> => new Set()): YamlValues {
  const lines = linesOf(text)
  const composed = compose(text, dialect)
  const problem = 'message' in composed ? composed : syntaxProblem(composed, text, keys)
  if (problem === undefined && !('message' in composed)) return new Walk(lines, dialect).values(composed)
  const { path = [], offset = 0, message = '' } = problem ?? {}
  const problems = [{ path, line: lines.linePos(offset).line, message }]
  return { value: undefined, problems, repeated: [], lineOf: () => undefined, spellingOf: () => undefined }
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  for (let start = 0; start !== -1; start = text.indexOf('\n', start) + 1 || -1) lines.addNewLine(start)
  return lines
}

interface Refused {
  readonly path: Path
  readonly offset: number
  readonly message: string
}

/** The tree of `text`, or why there is none. */
function compose(text: string, dialect: Dialect): Document.Parsed | Refused {
  const refused = (offset: number, message: string): Refused => ({ path: [], offset, message })
  const parser = new Parser()
  const tokens = []
  let words = 0
  let offset = 0
  for (const word of new Lexer().lex(text)) {
    for (const token of parser.next(word)) tokens.push(token)
    if (parser.stack.length > MOST_LEVELS) return refused(offset, 'sections and lists lie far too deep in each other')
    if (++words > MOST_WORDS) return refused(offset, 'has far more in it than any configuration')
    offset += word.length
  }
  for (const token of parser.end()) tokens.push(token)
  const schema = dialect === 'python' ? 'failsafe' : 'core'
  let document: Document.Parsed | undefined
  for (const next of new Composer({ uniqueKeys: false, schema, logLevel: 'silent' }).compose(
    tokens,
    true,
    text.length,
  )) {
    if (document !== undefined) {
      return refused(next.range[0], 'a second document begins here (`---`): a file holds one')
    }
    document = next
  }
  return document ?? refused(0, 'cannot be read as YAML')
}

/** Goes through the tree once, and gives it as plain values with the place of each. */
class Walk {
  readonly #lines: LineCounter
  readonly #dialect: Dialect
  readonly #problems: PlacedProblem[] = []
  readonly #repeated: Repeated[] = []
  readonly #offsets = new Map<string, number>()
  readonly #spellings = new Map<string, { readonly text: string; readonly offset: number | undefined }>()
  readonly #anchors = new Map<string, unknown>()
  /** Anchors of the nodes that are being gone through: an alias of one of them goes in a circle. */
  readonly #open = new Set<unknown>()
  #values = 0

  constructor(lines: LineCounter, dialect: Dialect) {
    this.#lines = lines
    this.#dialect = dialect
  }

  values(document: Document.Parsed): YamlValues {
    const value = document.contents === null ? undefined : this.#value(document.contents, [])
    const tooMany = { path: [], line: 1, message: 'its aliases (*) stand for far too many values' }
    const isWhole = this.#values <= MOST_VALUES
    return {
      value: isWhole ? (value ?? undefined) : undefined,
      problems: isWhole ? this.#problems : [tooMany],
      repeated: this.#repeated,
      lineOf: path => this.#lineOf(path),
      spellingOf: path => this.#spellings.get(placeKey(path))?.text,
    }
  }

  #lineOf(path: Path): number | undefined {
    for (let length = path.length; length > 0; length--) {
      const key = placeKey(path.slice(0, length))
      const isAbove = length < path.length
      const offset = (isAbove ? this.#spellings.get(key)?.offset : undefined) ?? this.#offsets.get(key)
      if (offset !== undefined) return this.#lineAt(offset)
    }
    return undefined
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line
  }

  #refuse(path: Path, offset: number | undefined, message: string): undefined {
    const line = offset === undefined ? (this.#lineOf(path) ?? 1) : this.#lineAt(offset)
    this.#problems.push({ path, line, message })
    return undefined
  }

  #value(node: unknown, path: Path): unknown {
    if (path.length > MOST_LEVELS) this.#values = MOST_VALUES
    if (++this.#values > MOST_VALUES) return undefined
    if (isAlias(node)) return this.#aliased(node.source, node.range?.[0], path)
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (node.tag !== undefined && !KNOWN_TAGS.test(node.tag)) {
      return this.#refuse(withoutIndex(path), node.range?.[0], tagMessage(node.tag, path))
    }
    if (isScalar(node)) return this.#scalar(node, path)
    this.#open.add(node)
    const result = isMap(node)
      ? this.#section(node, path)
      : node.items.map((item, at) => this.#item(item, [...path, at]))
    this.#open.delete(node)
    return result
  }

  #item(item: unknown, path: Path): unknown {
    const offset = rangeStart(item)
    if (offset !== undefined) this.#offsets.set(placeKey(path), offset)
    return this.#value(item, path)
  }

  #scalar({ value, source = '', type, anchor, tag, range }: Scalar, path: Path): unknown {
    this.#spellings.set(placeKey(path), { text: source, offset: range?.[0] })
    if (this.#dialect === 'python') {
      const isText = tag === undefined ? type !== 'PLAIN' : tag.endsWith(':str')
      return isText ? value : pythonScalar(source)
    }
    if (anchor !== undefined && source === '') {
      return this.#refuse(withoutIndex(path), range?.[0], mustBeQuoted(path, `&${anchor}`))
    }
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value
    return this.#refuse(path, undefined, 'is a kind of value that means nothing here')
  }

  #aliased(name: string, offset: number | undefined, path: Path): unknown {
    const target = this.#anchors.get(name)
    if (target === undefined) return this.#refuse(withoutIndex(path), offset, mustBeQuoted(path, `*${name}`))
    if (this.#open.has(target)) return this.#refuse(path, offset, `*${name} stands inside of what it stands for`)
    return this.#value(target, path)
  }

  #section(node: YAMLMap, path: Path): Record<string, unknown> {
    const section: Record<string, unknown> = {}
    const offsets = new Map<string, number>()
    let merged: Readonly<Record<string, unknown>> = {}
    for (const pair of node.items) {
      const key = this.#key(pair, path)
      if (key === undefined) continue
      const offset = rangeStart(pair.key) ?? 0
      const inside = [...path, key]
      if (isMergeKey(pair)) {
        merged = { ...merged, ...this.#merged(pair, inside, offset) }
        continue
      }
      const firstOffset = offsets.get(key)
      if (firstOffset !== undefined && !this.#mayRepeat(inside, firstOffset, offset)) continue
      offsets.set(key, offset)
      this.#offsets.set(placeKey(inside), offset)
      const value = this.#value(pair.value, inside)
      Object.defineProperty(section, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return { ...merged, ...section }
  }

  /** The name of a key; undefined, with a problem, when it can be none. */
  #key({ key }: Pair, path: Path): string | undefined {
    const offset = rangeStart(key)
    if (key === null) return ''
    if (isAlias(key)) return this.#refuse(path, offset, mustBeQuoted(path, `*${key.source}`))
    if (!isScalar(key)) return this.#refuse(path, offset, 'a section or a list cannot be the name of a key')
    const name = key.type === 'PLAIN' ? (key.source ?? '') : String(key.value)
    if (name === '__proto__') return this.#refuse([...path, name], offset, 'cannot be the name of a key')
    return name
  }

  #mayRepeat(path: Path, firstOffset: number, offset: number): boolean {
    const [firstLine, lastLine] = [this.#lineAt(firstOffset), this.#lineAt(offset)]
    if (this.#dialect === 'ours') {
      this.#refuse(path, offset, `stands twice, first in line ${firstLine}: remove one of the two`)
      return false
    }
    this.#repeated.push({ path, firstLine, lastLine })
    return true
  }

  #merged({ value }: Pair, path: Path, offset: number): Readonly<Record<string, unknown>> {
    if (this.#dialect === 'ours') {
      this.#refuse(path, offset, 'sections cannot be merged: write the keys themselves')
      return {}
    }
    const sources = [this.#value(value, path)].flat()
    if (sources.every(isRecord)) return Object.assign({}, ...sources.reverse())
    this.#refuse(path, offset, 'only sections can be merged')
    return {}
  }
}

function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
}

/** One text per path; no name holds a line end with a zero byte. */
function placeKey(path: Path): string {
  return path.join('\0')
}

function withoutIndex(path: Path): Path {
  return typeof path.at(-1) === 'number' ? path.slice(0, -1) : path
}

function tagMessage(tag: string, path: Path): string {
  const name = tag.replace('tag:yaml.org,2002:', '!!')
  return name.startsWith('!!') ? `the tag ${name} means nothing here: leave it out` : mustBeQuoted(path, name)
}
