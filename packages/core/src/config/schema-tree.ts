import { z } from 'zod'

/** The part of JSON Schema that zod gives for our configuration schemas. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly anyOf?: readonly SchemaNode[]
}

/** The keys and numbers of entries that lead to a value. */
export type Path = readonly (string | number)[]

/** Made once for each schema, as that takes longer than to read a file. */
const trees = new WeakMap<z.ZodType, SchemaNode>()

/** What a person may write into the file that `schema` reads, as a tree. */
export function schemaTree(schema: z.ZodType): SchemaNode {
  const known = trees.get(schema)
  if (known !== undefined) return known
  const tree = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  trees.set(schema, tree)
  return tree
}

/** The node that `path` leads to through sections, lists and maps; undefined when there is none. */
export function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, step) => (node === undefined ? undefined : child(node, step)), root)
}

function child(node: SchemaNode, step: PropertyKey): SchemaNode | undefined {
  const direct = typeof step === 'number' ? node.items : propertyOf(node, String(step))
  if (direct !== undefined) return direct
  const named = typeof step === 'number' ? undefined : namedNode(node)
  if (named !== undefined) return named
  return node.anyOf?.map(option => child(option, step)).find(found => found !== undefined)
}

/** The key `name` of a section; what every object inherits is none. */
export function propertyOf({ properties }: SchemaNode, name: string): SchemaNode | undefined {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
}

/** Whether `node` is a section: a map whose keys are known. */
export function isSection(node: SchemaNode): boolean {
  return node.properties !== undefined
}

/** What every value of a map of free names is; undefined when `node` is no such map. */
export function namedNode({ additionalProperties }: SchemaNode): SchemaNode | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** The names of all keys of `node` and below, wherever they stand. */
export function keyNames(node: SchemaNode, names = new Set<string>()): ReadonlySet<string> {
  for (const [name, child] of Object.entries(node.properties ?? {})) keyNames(child, names.add(name))
  for (const child of [namedNode(node), node.items]) if (child !== undefined) keyNames(child, names)
  return names
}
