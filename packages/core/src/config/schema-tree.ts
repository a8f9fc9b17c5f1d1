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
  readonly minItems?: number
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly anyOf?: readonly SchemaNode[]
}

/** What a person may write into the file that `schema` reads, as a tree. */
export function schemaTree(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as SchemaNode
}

/** The node that `path` leads to through sections, lists and maps; undefined when there is none. */
export function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, step) => (node === undefined ? undefined : child(node, step)), root)
}

function child(node: SchemaNode, step: PropertyKey): SchemaNode | undefined {
  const direct = typeof step === 'number' ? node.items : node.properties?.[String(step)]
  if (direct !== undefined) return direct
  if (typeof node.additionalProperties === 'object') return node.additionalProperties
  return node.anyOf?.map(option => child(option, step)).find(found => found !== undefined)
}
