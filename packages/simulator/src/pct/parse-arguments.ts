import { booleanOf, type CommandSpec, type OptionSpec, optionOf, problemOf } from '../schema/option-spec.ts'
import { ParameterFailure, UsageFailure } from './failure.ts'
import type { Output } from './output.ts'

/** Values by name; arguments that have a place are among them. Booleans are `1` and `0`, lists are joined by commas. */
export interface Arguments {
  readonly values: Readonly<Record<string, string>>
  /** What belongs to the command inside the container (`pct exec`). */
  readonly extra: readonly string[]
}

interface Parsed {
  readonly values: Record<string, string>
  readonly rest: string[]
}

/**
 * Reads a command line as Proxmox does: `-name` or `--name`, value after `=` or a space, unique beginnings of names, options and
 * arguments mixed, `--` ends the options. A boolean takes the next word unless that is an option itself.
 * @throws {UsageFailure} when the line has a wrong form
 * @throws {ParameterFailure} when values are wrong
 */
export function parseArguments(words: readonly string[], spec: CommandSpec, output: Output): Arguments {
  const { values, rest } = readOptions(words, spec, output)
  const extra = placeArguments(rest, spec, values)
  for (const [name, value] of Object.entries(values)) {
    if (specOf(spec, name).type === 'boolean') values[name] = value === '' ? '1' : booleanText(value)
  }
  const problems: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    const problem = problemOf(value, specOf(spec, name), name)
    if (problem !== undefined) problems[name] = problem
  }
  if (Object.keys(problems).length > 0) throw new ParameterFailure(problems)
  return { values, extra }
}

/** Source: Getopt::Long with `prefix_pattern=(--|-)`; a wrong option is named on stderr at once. */
function readOptions(words: readonly string[], spec: CommandSpec, output: Output): Parsed {
  const values: Record<string, string> = {}
  const end = words.includes('--') ? words.indexOf('--') : words.length
  const rest: string[] = []
  let isWrong = false
  for (let at = 0; at < end; at++) {
    const option = /^--?([^=]+)(?:=(.*))?$/s.exec(words[at] ?? '')
    if (option === null) rest.push(words[at] ?? '')
    else {
      const found = readOption(option, words[at + 1], spec, output)
      if (found === undefined) isWrong = true
      else keep(values, found.name, found.value, specOf(spec, found.name))
      if (found?.tookNext === true) at++
    }
  }
  if (isWrong) throw new UsageFailure('unable to parse option')
  return { values, rest: [...rest, ...words.slice(end + 1)] }
}

interface FoundOption {
  readonly name: string
  readonly value: string
  readonly tookNext: boolean
}

function readOption(
  [, given = '', inline]: RegExpExecArray,
  next: string | undefined,
  spec: CommandSpec,
  output: Output,
): FoundOption | undefined {
  const name = expandName(given, spec, output)
  if (name === undefined) return undefined
  if (inline !== undefined) return { name, value: inline, tookNext: false }
  if (specOf(spec, name).type === 'boolean' && (next === undefined || /^--?./.test(next))) {
    return { name, value: '', tookNext: false }
  }
  if (next !== undefined) return { name, value: next, tookNext: true }
  output.err(`Option ${given} requires an argument\n`)
  return undefined
}

function expandName(given: string, spec: CommandSpec, output: Output): string | undefined {
  const wanted = given.toLowerCase()
  const first = Object.keys(spec.numbered ?? {}).map(prefix => `${prefix}0`)
  const names = [...Object.keys(spec.options), ...first, ...spec.positional.filter(name => name !== 'extra-args')]
  const exact = names.find(name => name.toLowerCase() === wanted)
  if (exact !== undefined) return exact
  if (optionOf(spec, wanted) !== undefined) return wanted
  const fitting = names.filter(name => name.toLowerCase().startsWith(wanted)).sort()
  if (fitting.length === 1) return fitting[0]
  output.err(
    fitting.length === 0 ? `Unknown option: ${wanted}\n` : `Option ${wanted} is ambiguous (${fitting.join(', ')})\n`,
  )
  return undefined
}

function keep(values: Record<string, string>, name: string, value: string, { type }: OptionSpec): void {
  const before = values[name]
  values[name] = type === 'list' && before !== undefined ? `${before},${value}` : value
}

/** Gives the arguments their names; what is left over goes to the inner command, or is too much. */
function placeArguments(rest: readonly string[], spec: CommandSpec, values: Record<string, string>): readonly string[] {
  const words = [...rest]
  for (const name of spec.positional) {
    if (name === 'extra-args') return words
    const word = words.shift()
    if (word === undefined) throw new UsageFailure('not enough arguments')
    values[name] = word
  }
  if (words.length > 0) throw new UsageFailure('too many arguments')
  return []
}

function specOf(spec: CommandSpec, name: string): OptionSpec {
  return optionOf(spec, name) ?? { type: 'string' }
}

/** @throws {UsageFailure} when it is neither yes nor no */
function booleanText(value: string): string {
  const text = booleanOf(value)
  if (text === undefined) throw new UsageFailure('unable to parse boolean option')
  return text
}
