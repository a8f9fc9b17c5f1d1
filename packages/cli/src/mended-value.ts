import type { SchemaNode } from '@lxc-autoscale/core'

/** A value as it may have been meant, with what was done to it. */
export interface MendedValue {
  readonly value: unknown
  readonly note: string
}

const TRUE = /^(?:y|yes|on|true)$/i
const FALSE = /^(?:n|no|off|false)$/i

/** What `value` may have been meant to be where `node` stands, the value itself first. The predecessors minded no types. */
export function mendedValues(value: unknown, node: SchemaNode | undefined): MendedValue[] {
  const asItIs = { value, note: '' }
  const options = node?.anyOf ?? (node === undefined ? [] : [node])
  return [asItIs, ...options.flatMap(option => mended(value, option))]
}

function mended(value: unknown, { type, enum: names }: SchemaNode): MendedValue[] {
  if (typeof value === 'number' && type === 'string') return [{ value: String(value), note: 'as text' }]
  // PyYAML takes the word `off` for a truth value.
  if (value === false && names?.includes('off') === true) return [{ value: 'off', note: '' }]
  if (typeof value !== 'string') return []
  const text = value.trim()
  if (names !== undefined) {
    const same = names.find(name => String(name).toLowerCase() === text.toLowerCase())
    return same === undefined ? [] : [{ value: same, note: `was ${value}` }]
  }
  if (type === 'boolean') return mendedBoolean(value)
  return type === 'number' || type === 'integer' ? mendedNumber(value) : []
}

function mendedBoolean(value: string): MendedValue[] {
  const text = value.trim()
  if (!TRUE.test(text) && !FALSE.test(text)) return []
  return [{ value: TRUE.test(text), note: `was "${value}"` }]
}

function mendedNumber(value: string): MendedValue[] {
  const [, digits, percent] = /^([-+]?[\d_]*\.?\d+)\s*(%?)$/.exec(value.trim()) ?? []
  if (digits === undefined) return []
  const note = percent === '%' ? `was ${value}: a percent sign is not written` : 'was in quotes'
  return [{ value: Number(digits.replaceAll('_', '')), note }]
}
