import {
  type ConfigRules,
  checkValues,
  isSecretKey,
  keyText,
  nodeAt,
  type Path,
  retiredAdvice,
  schemaTree,
} from '@lxc-autoscale/core'
import { stringify } from 'yaml'
import type { z } from 'zod'
import { type MendedValue, mendedValues } from './mended-value.ts'
import { listOf, type OldFile, type OldValue, readOldFile } from './old-file.ts'
import { oldValues } from './old-values.ts'
import { shippedExample } from './shipped-examples.ts'
import { setAt, unsetAt, valueAt } from './value-paths.ts'

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

type Rules = ConfigRules<z.ZodType>

/**
 * The configuration of the Python predecessor in our terms. A value that our schema refuses is left at its default and
 * said so; nothing is dropped in silence.
 * @throws {ConfigError} when `text` is not YAML or not a map.
 */
export function migrateConfig(file: string, text: string, rules: Rules): Migration {
  const old = readOldFile(file, text)
  return migrateValues(oldValues(old.values, schemaTree(rules.schema)), old, rules)
}

/** The same of values whose places in our file are known already. */
export function migrateValues(
  values: readonly OldValue[],
  { repeated }: Pick<OldFile, 'repeated'>,
  rules: Rules,
): Migration {
  const taken = values.map(value => takeValue(value, rules))
  const kept: Record<string, unknown> = {}
  for (const { path, value, fates } of taken) if (fates.some(({ fate }) => fate === 'kept')) setAt(kept, path, value)
  const clashes = removeClashes(kept, rules)
  const said = new Set(taken.map(({ from }) => from))
  const unsaid = [...repeated].filter(([key]) => !said.has(key))
  return {
    yaml: Object.keys(kept).length === 0 ? '' : stringify(kept),
    keys: [
      ...taken.flatMap(({ path, from, fates }) =>
        fates.map(({ fate, note }): KeyFate => {
          const clash = fate === 'kept' ? clashes.get(keyText(path)) : undefined
          const words = [clash ?? note, repeated.get(from), from === keyText(path) ? undefined : `was ${from}`]
          return {
            key: keyText(path),
            fate: clash === undefined ? fate : 'refused',
            note: words.filter(Boolean).join('; '),
          }
        }),
      ),
      ...unsaid.map(([key, note]): KeyFate => ({ key, fate: 'dropped', note })),
    ],
  }
}

interface Fate {
  readonly fate: KeyFate['fate']
  readonly note: string
}

interface TakenValue extends OldValue {
  /** One of the value as a whole, and one of each entry of a list that was refused. */
  readonly fates: readonly Fate[]
}

function takeValue(old: OldValue, rules: Rules): TakenValue {
  const { path } = old
  const advice = retiredAdvice(path, rules.retiredKeys ?? {})
  if (advice !== undefined) return { ...old, fates: [{ fate: 'dropped', note: advice }] }
  const node = nodeAt(schemaTree(rules.schema), path)
  if (node?.type === 'array') return takeList(old, rules)
  if (old.value === null) return { ...old, fates: [{ fate: 'dropped', note: 'is empty' }] }
  const { value, note, problem } = firstGood(path, mendedValues(old.value, node), rules)
  if (problem !== undefined) {
    // Containers that somebody wanted left alone are never left out in passing.
    const mayGo = node === undefined && !/ignore/i.test(keyText(path))
    return { ...old, fates: [{ fate: mayGo ? 'dropped' : 'refused', note: problem }] }
  }
  return { ...old, value, fates: [goodFate({ path, value, note }, rules)] }
}

/** A list whose bad entries cost themselves alone. */
function takeList({ path, from, value: old }: OldValue, rules: Rules): TakenValue {
  const items = nodeAt(schemaTree(rules.schema), [...path, 0])
  const entries = listOf(old).map(entry => ({ entry, ...firstGood([...path, 0], mendedValues(entry, items), rules) }))
  const value = entries.flatMap(({ value, problem }) => (problem === undefined ? [value] : []))
  const refused = entries.flatMap(({ problem }): Fate[] =>
    problem === undefined ? [] : [{ fate: 'refused', note: `one entry: ${problem}` }],
  )
  if (value.length === 0 && refused.length > 0) return { path, from, value, fates: refused }
  const note = Array.isArray(old) || value.length === 0 ? '' : 'was no list'
  return { path, from, value, fates: [goodFate({ path, value, note }, rules), ...refused] }
}

function goodFate({ path, value, note }: MendedValue & { readonly path: Path }, rules: Rules): Fate {
  const isDefault = JSON.stringify(valueAt(rules.schema.parse({}), path)) === JSON.stringify(value)
  const shown = isSecretKey(String(path.at(-1))) ? '[redacted]' : JSON.stringify(value)
  const words = [isDefault ? 'the same as our default' : shown, note, isDefault ? '' : shippedExample(path, value)]
  return { fate: isDefault ? 'default' : 'kept', note: words.filter(Boolean).join('; ') }
}

interface Tried extends MendedValue {
  /** Why none of the values is right; undefined when this one is. */
  readonly problem: string | undefined
}

/** The first of `values` that our schema takes at `path`; otherwise the first, with what is wrong with it. */
function firstGood(path: Path, values: readonly MendedValue[], rules: Rules): Tried {
  const tried = values.map(mended => ({ ...mended, problem: problemWith(path, mended.value, rules) }))
  return (
    tried.find(({ problem }) => problem === undefined) ??
    tried[0] ?? { value: undefined, note: '', problem: 'is empty' }
  )
}

function problemWith(path: Path, value: unknown, { schema }: Rules): string | undefined {
  const alone: Record<string, unknown> = {}
  setAt(alone, path, value)
  const { problems = [] } = checkValues(schema, alone)
  // What is wrong elsewhere is that it stands alone.
  const own = problems.filter(problem =>
    path.every((step, at) => at >= problem.path.length || problem.path[at] === step),
  )
  return own.length === 0 ? undefined : own.map(({ message }) => message).join('; ')
}

/** Values that pass alone but not together: each that a rule between keys names goes back to its default. Key -> why. */
function removeClashes(kept: Record<string, unknown>, { schema }: Rules): Map<string, string> {
  const clashes = new Map<string, string>()
  for (;;) {
    const [problem] = checkValues(schema, kept).problems ?? []
    if (problem === undefined) return clashes
    const gone = unsetAt(kept, problem.path)
    const why = `${keyText(problem.path)}: ${problem.message}`
    for (const path of gone) clashes.set(keyText(path), path.length === problem.path.length ? problem.message : why)
    if (gone.length === 0) return clashes
  }
}
