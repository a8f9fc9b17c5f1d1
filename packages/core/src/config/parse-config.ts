import type { z } from 'zod'
import { ConfigError, type ConfigProblem, errorMessage } from '../errors.ts'
import { visibleText } from '../visible-text.ts'
import { type RetiredKeys, withoutRetired } from './retired-keys.ts'
import { keyNames, type Path, schemaTree } from './schema-tree.ts'
import { checkValues } from './value-words.ts'
import { readYaml } from './yaml-values.ts'

/** More would be read by nobody. */
const MOST_PROBLEMS = 50
const MOST_NAME_LENGTH = 64

export interface ConfigSource {
  /** The name that messages give the file. */
  readonly file: string
  readonly text: string
}

export interface ConfigRules<Schema extends z.ZodType> {
  readonly schema: Schema
  /** Accepted with a warning, so that users of the Python predecessor can copy their files. */
  readonly retiredKeys?: RetiredKeys
}

export interface ParsedConfig<Config> {
  readonly config: Config
  /** One line each, for the log. */
  readonly warnings: readonly string[]
}

/**
 * The configuration that a YAML text gives.
 * @throws {ConfigError} with every problem at once: syntax, unknown keys with the nearest known one, values out of range. Whatever
 * the text, nothing else is thrown.
 */
export function parseConfig<Schema extends z.ZodType>(
  source: ConfigSource,
  rules: ConfigRules<Schema>,
): ParsedConfig<z.output<Schema>> {
  try {
    return parsed(source, rules)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    // A bug of ours or of a library must not end a daemon that runs with a good configuration.
    const message = `cannot be understood: ${errorMessage(error)}`
    throw new ConfigError([{ file: source.file, line: undefined, key: '', message }])
  }
}

function parsed<Schema extends z.ZodType>(
  { file, text }: ConfigSource,
  { schema, retiredKeys = {} }: ConfigRules<Schema>,
): ParsedConfig<z.output<Schema>> {
  const yaml = readYaml(text, 'ours', () => keyNames(schemaTree(schema)))
  const problem = (path: Path, line: number | undefined, message: string): ConfigProblem => ({
    file,
    line,
    key: keyText(path),
    message: visibleText(message),
  })
  const syntax = yaml.problems.map(({ path, line, message }) => problem(path, line, message))
  const { rest, retired } = withoutRetired(yaml.value ?? {}, retiredKeys)
  const warnings = retired.map(
    ({ path, advice }) => `${file}:${yaml.lineOf(path) ?? '?'}: ${keyText(path)} is not used any more: ${advice}`,
  )
  const checked = checkValues(schema, rest, path => yaml.spellingOf(path))
  if (checked.problems === undefined && syntax.length === 0) return { config: checked.config, warnings }
  // What a value that could not be read leaves out is no second problem.
  const places = new Set(syntax.map(({ key }) => key))
  const isNew = ({ path }: { readonly path: Path }) => !path.some((_, at) => places.has(keyText(path.slice(0, at + 1))))
  const values = (yaml.value === undefined ? [] : (checked.problems ?? []))
    .filter(isNew)
    .map(({ path, message }) => problem(path, yaml.lineOf(path) ?? 1, message))
  throw new ConfigError([...syntax, ...values].slice(0, MOST_PROBLEMS))
}

/** A path as messages have it: `tiers.db.ids.0`. */
export function keyText(path: Path): string {
  return path
    .map(String)
    .map(step => visibleText(step.length <= MOST_NAME_LENGTH ? step : `${step.slice(0, MOST_NAME_LENGTH)}...`))
    .join('.')
}
