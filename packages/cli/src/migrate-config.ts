import {
  ConfigError,
  type ConfigProblem,
  type ConfigRules,
  configKeys,
  errorMessage,
  parseConfig,
} from '@lxc-autoscale/core'
import { parse, stringify } from 'yaml'
import type { z } from 'zod'

/** What became of one key of an old file. */
export interface KeyFate {
  readonly key: string
  readonly fate: 'kept' | 'default' | 'dropped' | 'refused'
  readonly note: string
}

export interface Migration {
  /** The new file: only what differs from the defaults. */
  readonly yaml: string
  readonly keys: readonly KeyFate[]
}

/**
 * The configuration of the Python predecessor in our terms. A value that our schema refuses is left at its default and
 * said so; nothing is dropped in silence.
 * @throws {ConfigError} when `text` is not YAML or not a map.
 */
export function migrateConfig<Schema extends z.ZodType>(
  file: string,
  text: string,
  rules: ConfigRules<Schema>,
): Migration {
  const old = readMap(file, text)
  const known = new Set(configKeys(rules.schema))
  const defaults: unknown = rules.schema.parse({})
  let kept: Record<string, unknown> = {}
  const keys = leavesOf(old, [], known).map(({ path, value }): KeyFate => {
    const key = path.join('.')
    const retired = rules.retiredKeys?.[key]
    if (retired !== undefined) return { key, fate: 'dropped', note: retired }
    const problems = problemsWith(file, withValue({}, path, value), rules)
    if (problems.length > 0) {
      const note = problems.map(({ message }) => message).join('; ')
      return { key, fate: known.has(key) ? 'refused' : 'dropped', note }
    }
    if (isSame(valueAt(defaults, path), value)) return { key, fate: 'default', note: 'the same as our default' }
    kept = withValue(kept, path, value)
    return { key, fate: 'kept', note: JSON.stringify(value) }
  })
  const clashes = removeClashes(file, kept, rules)
  return {
    yaml: Object.keys(kept).length === 0 ? '' : stringify(kept),
    keys: keys.map(fate => {
      const clash = clashes.get(fate.key)
      return clash === undefined ? fate : { ...fate, fate: 'refused', note: clash }
    }),
  }
}

/** Values that pass alone but not together: each that a rule between keys names goes back to its default. Key -> why. */
function removeClashes<Schema extends z.ZodType>(
  file: string,
  kept: Record<string, unknown>,
  rules: ConfigRules<Schema>,
): Map<string, string> {
  const clashes = new Map<string, string>()
  for (;;) {
    const [problem] = problemsWith(file, kept, rules)
    if (problem === undefined) return clashes
    if (clashes.has(problem.key)) throw new ConfigError([problem])
    clashes.set(problem.key, problem.message)
    unsetAt(kept, problem.key.split('.'))
  }
}

function problemsWith<Schema extends z.ZodType>(
  file: string,
  values: Readonly<Record<string, unknown>>,
  { schema }: ConfigRules<Schema>,
): readonly ConfigProblem[] {
  try {
    parseConfig({ file, text: stringify(values) }, { schema })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

function unsetAt(root: Record<string, unknown>, path: readonly string[]): void {
  const [first = '', ...rest] = path
  const inside = root[first]
  if (rest.length === 0 || !isMap(inside)) {
    delete root[first]
    return
  }
  const copy = { ...inside }
  unsetAt(copy, rest)
  root[first] = copy
}

/** The map of keys that `text` is. @throws {ConfigError} when it is not YAML or not a map. */
export function readMap(file: string, text: string): Readonly<Record<string, unknown>> {
  const value = parseText(file, text) ?? {}
  if (isMap(value)) return value
  throw new ConfigError([{ file, line: 1, key: '', message: 'must be a map of keys' }])
}

function parseText(file: string, text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new ConfigError([{ file, line: undefined, key: '', message: errorMessage(error) }])
  }
}

/** Whether `value` is a map of keys, as YAML and JSON give one. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
}

/** The values of `map` down to the keys that the schema knows as one value (a list, a map of names). */
function leavesOf(
  map: Readonly<Record<string, unknown>>,
  prefix: readonly string[],
  known: ReadonlySet<string>,
): Leaf[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const path = [...prefix, key]
    const isOneValue = !isMap(value) || known.has(path.join('.'))
    return isOneValue ? [{ path, value }] : leavesOf(value, path, known)
  })
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, step) => (isMap(node) ? node[step] : undefined), root)
}

function withValue(
  root: Readonly<Record<string, unknown>>,
  [first = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (rest.length === 0) return { ...root, [first]: value }
  const inside = root[first]
  return { ...root, [first]: withValue(isMap(inside) ? inside : {}, rest, value) }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
