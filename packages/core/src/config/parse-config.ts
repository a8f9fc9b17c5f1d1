import { distance } from 'fastest-levenshtein'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { nodeAt, type SchemaNode, schemaTree } from './schema-tree.ts'

export interface ConfigSource {
  /** The name that messages give the file. */
  readonly file: string
  readonly text: string
}

export interface ConfigRules<Schema extends z.ZodType> {
  readonly schema: Schema
  /**
   * Keys that only the Python predecessor could use, by dotted path, with what became of them. They are accepted with a
   * warning, so that its users can copy their files. `*` in a path stands for every name.
   */
  readonly retiredKeys?: Readonly<Record<string, string>>
}

export interface ParsedConfig<Config> {
  readonly config: Config
  /** One line each, for the log. */
  readonly warnings: readonly string[]
}

/**
 * The configuration that a YAML text gives.
 * @throws {ConfigError} with every problem at once: syntax, unknown keys with the nearest known one, values out of range.
 */
export function parseConfig<Schema extends z.ZodType>(
  { file, text }: ConfigSource,
  { schema, retiredKeys = {} }: ConfigRules<Schema>,
): ParsedConfig<z.output<Schema>> {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  })
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(error => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        key: '',
        message: error.message,
      })),
    )
  }
  const warnings = removeRetiredKeys(document, { file, lines, retiredKeys })
  const result = schema.safeParse(document.toJS() ?? {})
  if (result.success) return { config: result.data, warnings }
  const context = { file, document, lines, tree: schemaTree(schema) }
  throw new ConfigError(result.error.issues.flatMap(issue => problemsOf(issue, context)))
}

interface RetiredContext {
  readonly file: string
  readonly lines: LineCounter
  readonly retiredKeys: Readonly<Record<string, string>>
}

function removeRetiredKeys(document: Document, { file, lines, retiredKeys }: RetiredContext): string[] {
  return Object.entries(retiredKeys).flatMap(([key, advice]) =>
    pathsOf(document, key.split('.')).map(path => {
      const line = lineOfKey(document, lines, path)
      document.deleteIn(path)
      removeEmptySection(document, path.slice(0, -1))
      return `${file}:${line ?? '?'}: ${path.join('.')} is not used any more: ${advice}`
    }),
  )
}

/** Where the document has a retired key; `*` stands for every name of its section. */
function pathsOf(document: Document, path: readonly string[]): readonly (readonly string[])[] {
  const star = path.indexOf('*')
  if (star < 0) return document.hasIn(path) ? [path] : []
  const section = document.getIn(path.slice(0, star))
  const names = isMap(section) ? section.items.flatMap(({ key }) => (isScalar(key) ? String(key.value) : [])) : []
  return names.flatMap(name => pathsOf(document, path.with(star, name)))
}

function removeEmptySection(document: Document, path: readonly string[]): void {
  if (path.length === 0) return
  const section = document.getIn(path)
  if (isMap(section) && section.items.length === 0) document.deleteIn(path)
}

interface IssueContext {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
  readonly tree: SchemaNode
}

function problemsOf(issue: z.core.$ZodIssue, context: IssueContext): ConfigProblem[] {
  const { file, document, lines, tree } = context
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      file,
      line: lineOfKey(document, lines, [...issue.path, key]),
      key: [...issue.path, key].join('.'),
      message: unknownKeyMessage(key, Object.keys(nodeAt(tree, issue.path)?.properties ?? {})),
    }))
  }
  const value = issue.path.length === 0 ? undefined : document.getIn(issue.path)
  const got = value === undefined || isNode(value) ? '' : ` (got ${JSON.stringify(value)})`
  return [
    {
      file,
      line: lineOfKey(document, lines, issue.path),
      key: issue.path.join('.'),
      message: issue.message + got,
    },
  ]
}

function unknownKeyMessage(key: string, known: readonly string[]): string {
  const [nearest] = known.map(name => ({ name, steps: distance(key, name) })).sort((a, b) => a.steps - b.steps)
  if (nearest === undefined) return 'unknown key'
  const isNear = nearest.steps <= Math.max(2, key.length / 3)
  return isNear ? `unknown key; did you mean ${nearest.name}?` : `unknown key; known here: ${known.join(', ')}`
}

/** The line of the key that `path` leads to, or of the nearest section above it. */
function lineOfKey(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const start = keyStart(document, path.slice(0, length))
    if (start !== undefined) return lines.linePos(start).line
  }
  return undefined
}

function keyStart(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (isMap(parent)) {
    const key = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))?.key
    return isNode(key) ? key.range?.[0] : undefined
  }
  const item = document.getIn(path, true)
  return isNode(item) ? item.range?.[0] : undefined
}
