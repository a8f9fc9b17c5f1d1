import type { z } from 'zod'
import { gotWords, isNumber, rightWords } from './expected-words.ts'
import { nodeAt, type Path, propertyOf, type SchemaNode, schemaTree } from './schema-tree.ts'
import { sizeFor } from './sizes.ts'
import { keySlip } from './syntax-words.ts'
import { unknownKeyWords } from './unknown-key.ts'

/** One thing that is wrong with a value. */
export interface ValueProblem {
  readonly path: Path
  readonly message: string
}

export type CheckedValues<Config> =
  | { readonly config: Config; readonly problems?: undefined }
  | { readonly config?: undefined; readonly problems: readonly ValueProblem[] }

/** More would only be read by nobody, and cost time. */
const MOST_PROBLEMS = 50

/** Stands in the place of a message of zod, so that ours is found where a schema has one of its own. */
const OF_ZOD = '\0'

/**
 * The configuration that `value` is by `schema`, amounts with a unit as numbers; otherwise each problem in our words.
 * @param spellingOf how a value is spelt in the file, where that tells more than the value
 */
export function checkValues<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  spellingOf: (path: Path) => string | undefined = () => undefined,
): CheckedValues<z.output<Schema>> {
  const sized = withSizes(value, [], schema)
  const result = schema.safeParse(sized, { error: () => OF_ZOD })
  if (result.success) return { config: result.data }
  const context = { tree: schemaTree(schema), value, spellingOf }
  const first = result.error.issues.slice(0, MOST_PROBLEMS).flatMap(issue => problemsOf(issue, [], context))
  const left = result.error.issues.length - MOST_PROBLEMS
  const rest = left > 0 ? [{ path: [], message: `${left} more problems` }] : []
  return { problems: [...onePerPlace(first), ...rest] }
}

function onePerPlace(problems: readonly ValueProblem[]): ValueProblem[] {
  return [...new Map(problems.toReversed().map(problem => [problem.path.join('\0'), problem])).values()].reverse()
}

/** The same value with the sizes that are written with a unit as the numbers that their keys mean. */
function withSizes(value: unknown, path: Path, schema: z.ZodType): unknown {
  if (typeof value === 'string') {
    const size = sizeFor(String(path.at(-1) ?? ''), value)
    return size !== undefined && isNumber(nodeAt(schemaTree(schema), path)) ? size : value
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [name, withSizes(inside, [...path, name], schema)]),
  )
}

interface Context {
  readonly tree: SchemaNode
  readonly value: unknown
  readonly spellingOf: (path: Path) => string | undefined
}

function problemsOf(issue: z.core.$ZodIssue, above: Path, context: Context): ValueProblem[] {
  const path = [...above, ...issue.path.filter(step => typeof step !== 'symbol')]
  const own = issue.message === OF_ZOD ? undefined : issue.message
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MOST_PROBLEMS).map(key => ({
        path: [...path, key],
        message: unknownKeyWords([...path, key], context.tree),
      }))
    case 'invalid_key': {
      const message = issue.issues.map(({ message }) => message).find(message => message !== OF_ZOD)
      return [{ path, message: `this name ${message ?? 'cannot stand here'}` }]
    }
    case 'invalid_union': {
      const inside = issue.errors.find(branch => branch.length > 0 && branch.every(({ path }) => path.length > 0))
      if (inside !== undefined) return inside.flatMap(issue => problemsOf(issue, path, context))
      return [wrongValue(path, own, context)]
    }
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_type':
    case 'invalid_value':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [wrongValue(path, own, context)]
  }
}

function wrongValue(path: Path, own: string | undefined, context: Context): ValueProblem {
  const node = nodeAt(context.tree, path)
  const value = valueAt(context.value, path)
  const slip = typeof value === 'string' && node?.properties !== undefined ? keySlip(value) : undefined
  if (slip !== undefined && node !== undefined && propertyOf(node, slip.key) !== undefined) {
    return { path: [...path, slip.key], message: slip.message }
  }
  const key = String(path.findLast(step => typeof step === 'string') ?? '')
  if (path.length === 0 && own === undefined)
    return { path, message: 'must be keys with their values, as in key: value' }
  const right = own ?? `must be ${rightWords(node, value)}`
  if (value === undefined) return { path, message: right.replace(/^must be /, 'is missing: ') }
  return { path, message: `${right}${gotWords(value, node, { key, spelling: context.spellingOf(path) })}` }
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    root,
  )
}
