/** What values an option takes. Source: pve-common, JSONSchema.pm. */
export interface OptionSpec {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'list'
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly values?: readonly string[]
  readonly pattern?: RegExp
  readonly format?: Format
}

/** Gives what is wrong with the value of the option `name`; further lines after a newline. */
export type Format = (value: string, name: string) => string | undefined

/** One command: its arguments in order, then its options. */
export interface CommandSpec {
  readonly positional: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Options with a number behind their name, and how many there are: `net0` to `net31`. */
  readonly numbered?: Readonly<Record<string, NumberedSpec>>
}

export interface NumberedSpec {
  readonly count: number
  readonly spec: OptionSpec
}

/** The option of that very name; undefined when there is none. */
export function optionOf({ options, numbered = {} }: CommandSpec, name: string): OptionSpec | undefined {
  if (Object.hasOwn(options, name)) return options[name]
  const [, prefix = '', number] = /^([a-z]+)(\d+)$/.exec(name) ?? []
  const found = Object.hasOwn(numbered, prefix) ? numbered[prefix] : undefined
  return found !== undefined && Number(number) < found.count ? found.spec : undefined
}

/** The number of a container. */
export const VMID: OptionSpec = {
  type: 'integer',
  minimum: 100,
  maximum: 999_999_999,
  format: value => (/^[1-9][0-9]{2,8}$/.test(value) ? undefined : 'value does not look like a valid VM ID'),
}

/** The name of a snapshot. */
export const SNAPSHOT_NAME: OptionSpec = { type: 'string', maxLength: 40, format: configId }

export const BOOLEAN: OptionSpec = { type: 'boolean' }
export const TEXT: OptionSpec = { type: 'string' }
export const DIGEST: OptionSpec = { type: 'string', maxLength: 40 }
export const SECONDS: OptionSpec = { type: 'integer', minimum: 0 }

export function configId(value: string): string | undefined {
  return /^[a-z][a-z0-9_-]+$/i.test(value) ? undefined : `invalid configuration ID '${value}'`
}

/** What is wrong with a value, as Proxmox words it; undefined when it is right. */
export function problemOf(value: string, spec: OptionSpec, name: string): string | undefined {
  return typeProblem(value, spec) ?? formatProblem(value, spec, name) ?? rangeProblem(value, spec)
}

function typeProblem(value: string, { type }: OptionSpec): string | undefined {
  const patterns: Partial<Record<OptionSpec['type'], RegExp>> = {
    integer: /^[+-]?\d+$/,
    number: /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i,
    boolean: /^[01]$/,
  }
  return patterns[type]?.test(value) === false ? `type check ('${type}') failed - got '${value}'` : undefined
}

/** The reason ends in a newline of its own, so that an empty line follows. */
function formatProblem(value: string, { format, pattern }: OptionSpec, name: string): string | undefined {
  const reason = format?.(value, name)
  if (reason !== undefined) return `invalid format - ${reason}\n`
  return pattern?.test(value) === false ? 'value does not match the regex pattern' : undefined
}

function rangeProblem(value: string, { type, minimum, maximum, maxLength, values }: OptionSpec): string | undefined {
  const isNumber = type === 'integer' || type === 'number'
  if (isNumber && minimum !== undefined && Number(value) < minimum)
    return `value must have a minimum value of ${minimum}`
  if (isNumber && maximum !== undefined && Number(value) > maximum)
    return `value must have a maximum value of ${maximum}`
  if (maxLength !== undefined && value.length > maxLength) return `value may only be ${maxLength} characters long`
  if (values?.includes(value) === false) {
    return `value '${value}' does not have a value in the enumeration '${values.join(', ')}'`
  }
  return undefined
}

/** `1` or `0`; undefined when the text is neither yes nor no. Source: pve-common, JSONSchema.pm, parse_boolean. */
export function booleanOf(text: string): string | undefined {
  if (/^(1|on|yes|true)$/i.test(text)) return '1'
  return /^(0|off|no|false)$/i.test(text) ? '0' : undefined
}

/** The words of a list: commas, semicolons and blanks separate them. Source: pve-common, Tools.pm, split_list. */
export function splitList(text: string): readonly string[] {
  return text.split(/[,;\s\0]+/).filter(word => word !== '')
}
