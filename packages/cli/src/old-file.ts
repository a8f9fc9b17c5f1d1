import { ConfigError, keyText, type Path, readYaml } from '@lxc-autoscale/core'

export type Section = Readonly<Record<string, unknown>>

/** A file of a predecessor, as its YAML library read it. */
export interface OldFile {
  readonly values: Section
  /** Keys that stand twice, of which the last counts -> what to say of it. */
  readonly repeated: ReadonlyMap<string, string>
}

/** A value of an old file, and where it belongs in ours. */
export interface OldValue {
  readonly path: Path
  readonly value: unknown
  /** The key that it had in the old file. */
  readonly from: string
}

/** @throws {ConfigError} when the predecessor could not have read `text` either. */
export function readOldFile(file: string, text: string): OldFile {
  const { value = {}, problems, repeated } = readYaml(text, 'python')
  if (problems.length > 0) {
    throw new ConfigError(problems.map(({ path, line, message }) => ({ file, line, key: keyText(path), message })))
  }
  if (!isMap(value)) throw new ConfigError([{ file, line: 1, key: '', message: 'must be a map of keys' }])
  const lines = repeated.map(({ path, firstLine, lastLine }): [string, string] => [
    keyText(path),
    `stands twice: line ${lastLine} counts, line ${firstLine} does not`,
  ])
  return { values: value, repeated: new Map(lines) }
}

/** Whether `value` is a map of keys, as YAML and JSON give one. */
export function isMap(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list as the predecessors took it: one value alone, or several in one text, are a list too. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value === null || value === undefined) return []
  return typeof value === 'string' ? value.split(/[\s,;]+/).filter(Boolean) : [value]
}
