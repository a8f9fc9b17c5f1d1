import { AutoscaleError, isObject } from '@lxc-autoscale/core'
import { z } from 'zod'

/** Other spellings of fields, as the Python predecessor accepted them. */
const FIELD_ALIASES: ReadonlyMap<string, string> = new Map([
  ['vm_id', 'lxc_id'],
  ['container_id', 'lxc_id'],
  ['new_vm_id', 'new_lxc_id'],
  ['new_container_id', 'new_lxc_id'],
  ['new_vm_name', 'new_lxc_name'],
  ['hostname', 'new_lxc_name'],
  ['vm_ids', 'lxc_ids'],
  ['container_ids', 'lxc_ids'],
])

type Fields = Readonly<Record<string, unknown>>

/** What a request sent, in the names that the schemas know. */
export interface NamedFields {
  readonly fields: unknown
  /** Fields that the schema does not know, as dotted paths. */
  readonly ignored: readonly string[]
}

const NONE: readonly string[] = []

/**
 * `sent` with its aliases replaced, for `schema`.
 * @throws {AutoscaleError} INVALID_REQUEST when two spellings of one field contradict each other.
 */
export function nameFields(sent: unknown, schema: unknown): NamedFields {
  if (!isObject(sent) || Object.keys(sent).length === 0) return { fields: sent, ignored: NONE }
  const shape = shapeOf(schema)
  const fields = hasAlias(sent, shape) ? withoutAliases(sent, shape) : sent
  return { fields, ignored: unknownFields(fields, shape, '') }
}

function hasAlias(sent: Fields, shape: Fields): boolean {
  return Object.keys(sent).some(name => aliasOf(name, shape) !== undefined)
}

function aliasOf(name: string, shape: Fields): string | undefined {
  const target = FIELD_ALIASES.get(name)
  return target !== undefined && target in shape && !(name in shape) ? target : undefined
}

function withoutAliases(sent: Fields, shape: Fields): Fields {
  const named = new Map<string, { readonly value: unknown; readonly spelling: string }>()
  for (const [spelling, value] of Object.entries(sent)) {
    const name = aliasOf(spelling, shape) ?? spelling
    const other = named.get(name)
    if (other !== undefined && spelled(other.value) !== spelled(value)) {
      const message = `${other.spelling} and ${spelling} mean the same and have different values`
      throw new AutoscaleError('INVALID_REQUEST', message, { details: { errors: [message] } })
    }
    named.set(name, { value, spelling })
  }
  return Object.fromEntries([...named].map(([name, { value }]) => [name, value]))
}

/** 104 and "104" are the same number. */
function spelled(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function unknownFields(fields: Fields, shape: Fields, prefix: string): string[] {
  const unknown: string[] = []
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (!Object.hasOwn(shape, name)) unknown.push(`${prefix}${name}`.slice(0, 80))
    else if (isObject(value)) {
      const inner = shapeOf(shape[name])
      if (Object.keys(inner).length > 0) unknown.push(...unknownFields(value, inner, `${prefix}${name}.`))
    }
  }
  return unknown
}

/** The fields of an object schema, also behind `optional` and `nullable`; none for any other schema. */
function shapeOf(schema: unknown): Fields {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return shapeOf(schema.unwrap())
  return schema instanceof z.ZodObject ? schema.shape : {}
}
