import type { SchemaNode } from './schema-tree.ts'
import { isSecretKey } from './secret-key.ts'
import { isSizeKey, sizeFor } from './sizes.ts'

const MOST_SHOWN = 40

/** What may stand where `node` is: `number from 1 to 64`, `list of text`. */
export function expectedWords(node: SchemaNode | undefined): string {
  if (node?.enum !== undefined) return node.enum.map(value => `\`${String(value)}\``).join(', ')
  if (node?.const !== undefined) return `\`${String(node.const)}\``
  if (node?.anyOf !== undefined) return node.anyOf.map(expectedWords).join(' or ')
  switch (node?.type) {
    case 'boolean':
      return '`true` or `false`'
    case 'integer':
    case 'number':
      return `${node.type === 'integer' ? 'whole number' : 'number'}${rangeWords(node)}`
    case 'string':
      return 'text'
    case 'array':
      return `list of ${plural(expectedWords(node.items))}`
    case 'object':
      return node.properties === undefined ? 'names with a section each' : 'section of keys'
    default:
      return 'something else'
  }
}

function plural(words: string): string {
  return words.replace(/^((?:whole )?number|section)/, '$1s')
}

function rangeWords({ minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const isHuge = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  if (low !== undefined) return isHuge ? ` from ${low}` : ` from ${low} to ${maximum}`
  if (exclusiveMinimum !== undefined)
    return isHuge ? ` above ${exclusiveMinimum}` : ` above ${exclusiveMinimum} to ${maximum}`
  return isHuge ? '' : ` up to ${maximum}`
}

/** `expectedWords` as a sentence of a message, of what `value` is meant to be where there is a choice. */
export function rightWords(node: SchemaNode | undefined, value: unknown): string {
  const same = node?.anyOf?.filter(option => isOfType(option, value)) ?? []
  const [meant = node] = same.length === 1 ? same : []
  const text = expectedWords(meant).replaceAll('`', '')
  if (meant?.enum !== undefined) return `one of ${text}`
  return /^(?:whole number|number|list|section)/.test(text) ? `a ${text}` : text
}

function isOfType(node: SchemaNode, value: unknown): boolean {
  if (typeof value === 'number') return isNumber(node)
  return node.type === (Array.isArray(value) ? 'array' : typeof value)
}

export function isNumber(node: SchemaNode | undefined): boolean {
  return node?.type === 'number' || node?.type === 'integer'
}

interface Got {
  readonly key: string
  /** How the value is spelt in the file. */
  readonly spelling: string | undefined
}

/** The value that stands there, as far as it may be shown, and what would be right, where that can be told. */
export function gotWords(value: unknown, node: SchemaNode | undefined, { key, spelling }: Got): string {
  if (value === undefined) return ''
  if (value === null) return node?.properties === undefined ? ' (got nothing)' : ': write keys below it, or remove it'
  if (Array.isArray(value)) return ' (got a list)'
  if (typeof value === 'object') return ' (got a section)'
  if (isSecretKey(key)) return ''
  const text = typeof value === 'string' ? JSON.stringify(value) : (spelling ?? String(value))
  const size = typeof value === 'string' && isNumber(node) ? sizeFor(key, value) : undefined
  const meaning = size === undefined ? '' : `, which is ${Number(size.toFixed(3))}`
  const hint = node === undefined || size !== undefined ? '' : hintWords(value, node, key)
  return ` (got ${text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN - 3)}...`}${meaning})${hint}`
}

const YES = /^(?:y|yes|on|true)$/i
const NO = /^(?:n|no|off|false)$/i

function hintWords(value: unknown, node: SchemaNode, key: string): string {
  const right = rightValue(value, node) ?? rightTime(value, node, key)
  if (right !== undefined) return `; write ${right}`
  return isNumber(node) && isSizeKey(key) && typeof value === 'string' ? '; with a unit: 512M, 8G or 1.5G' : ''
}

/** What would be right in the place of `value`. */
function rightValue(value: unknown, node: SchemaNode): string | undefined {
  if (node.type === 'array') return rightList(value)
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (isNumber(node)) return rightNumber(text, node)
  if (node.type === 'boolean')
    return [['true', YES] as const, ['false', NO] as const].find(([, it]) => it.test(text))?.[0]
  const same = node.enum?.find(option => String(option).toLowerCase() === text.toLowerCase())
  return same === undefined ? undefined : String(same)
}

function rightList(value: unknown): string | undefined {
  const isOne = typeof value === 'number' || (typeof value === 'string' && value !== '' && value.length <= MOST_SHOWN)
  return isOne ? `[${value}]` : undefined
}

function rightNumber(text: string, node: SchemaNode): string | undefined {
  const [, digits] = /^(-?\d+(?:\.\d+)?) ?%?$/.exec(text) ?? []
  return digits !== undefined && isWithin(Number(digits), node) ? String(Number(digits)) : undefined
}

/** How long a unit of time is, in seconds. */
const TIMES: readonly (readonly [RegExp, number])[] = [
  [/^s(?:ec(?:onds?)?)?$/i, 1],
  [/^m(?:in(?:utes?)?)?$/i, 60],
  [/^h(?:ours?)?$/i, 3_600],
  [/^d(?:ays?)?$/i, 86_400],
]

/** `5m` in the unit of a key that counts seconds or hours. */
function rightTime(value: unknown, node: SchemaNode, key: string): string | undefined {
  const [, unitOfKey] = /_(seconds|hours)$/.exec(key) ?? []
  const [, digits, word = ''] =
    typeof value === 'string' ? (/^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(value.trim()) ?? []) : []
  const unit = TIMES.find(([pattern]) => pattern.test(word))?.[1]
  if (unitOfKey === undefined || digits === undefined || unit === undefined) return undefined
  const amount = (Number(digits) * unit) / (unitOfKey === 'hours' ? 3_600 : 1)
  return isNumber(node) && isWithin(amount, node) ? String(amount) : undefined
}

function isWithin(value: number, { type, minimum, maximum, exclusiveMinimum }: SchemaNode): boolean {
  if (type === 'integer' && !Number.isInteger(value)) return false
  return value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity) && value > (exclusiveMinimum ?? -Infinity)
}
