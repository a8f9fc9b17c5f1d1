import type { Context } from '../pct/context.ts'
import { EXIT, Failure, UsageFailure } from '../pct/failure.ts'
import { contextOn } from '../pct/other-node.ts'
import { parseArguments } from '../pct/parse-arguments.ts'
import type { CommandSpec } from '../schema/option-spec.ts'
import type { ChangeVerb } from './changes.ts'
import { resourceAt } from './resources.ts'
import { TIMEFRAMES } from './rrddata.ts'

const COMMON: CommandSpec['options'] = {
  'output-format': { type: 'string', values: ['text', 'json', 'json-pretty', 'yaml'] },
  noproxy: { type: 'boolean' },
}
const GET: CommandSpec = {
  positional: ['api_path'],
  options: {
    ...COMMON,
    type: { type: 'string', values: ['vm', 'storage', 'node', 'sdn'] },
    timeframe: { type: 'string', values: TIMEFRAMES },
    cf: { type: 'string', values: ['AVERAGE', 'MAX'] },
  },
}
const VERBS = ['get', 'set', 'create', 'delete'] as const

/**
 * `pvesh get PATH --output-format json`, for the paths of `resources.ts`, and `pvesh set|create|delete PATH` for those of
 * `changes.ts`; what is of another node is done there. The number of a task is not printed.
 */
export async function pvesh(context: Context, words: readonly string[]): Promise<number> {
  const { output } = context
  const [given, ...rest] = words
  const verb = VERBS.find(name => name === given)
  if (verb === undefined) {
    output.err(`ERROR: ${given === undefined ? 'no command specified' : `unknown command 'pvesh ${given}'`}\n`)
    output.err(`USAGE: pvesh <COMMAND> [ARGS] [OPTIONS]\n\n       ${usage('get')}`)
    return EXIT.other
  }
  try {
    if (verb === 'get') get(context, rest)
    else await change(context, verb, rest)
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const hasUsage = error instanceof UsageFailure || error.message.startsWith('400 ')
    output.err(hasUsage ? `${error.message}${usage(verb)}` : `${error.message}\n`)
    return error.exitCode
  }
}

function get(context: Context, words: readonly string[]): void {
  const { values } = parseArguments(words, GET, context.output)
  const format = values['output-format'] ?? 'text'
  if (format !== 'json' && format !== 'json-pretty') {
    throw new Failure(`the pretend pvesh prints json and json-pretty only, not '${format}'; add --output-format json`)
  }
  const value = resourceAt(context, values['api_path'] ?? '', values)
  context.output.out(`${JSON.stringify(sortedKeys(value), null, format === 'json' ? 0 : 3)}\n`)
}

/** @throws {Failure} as the command; what another node says last is told as the failure of passing it on */
async function change(context: Context, verb: ChangeVerb, words: readonly string[]): Promise<void> {
  const path = words.find(word => word.startsWith('/')) ?? ''
  // Loaded only for a change: `pvesh get` has to start quickly.
  const { changeAt } = await import('./changes.ts')
  const found = changeAt(verb, path)
  if (found === undefined) throw new Failure(`no '${verb}' handler for '${path}'`)
  const { command, node, values: inPath } = found
  const spec = { ...command, positional: ['api_path'], options: { ...optionsOf(command), ...COMMON } }
  const {
    api_path: _,
    'output-format': __,
    noproxy: ___,
    ...values
  } = parseArguments(words, spec, context.output).values
  const there = contextOn(context, node)
  try {
    await command.run(there, { values: { ...values, ...inPath }, extra: [] })
  } catch (error) {
    if (!(error instanceof Failure) || there === context) throw error
    const lines = error.message.trimEnd().split('\n')
    for (const line of lines.slice(0, -1)) context.output.err(`${line}\n`)
    // Source: pve-manager, CLI/pvesh.pm, proxy_handler, and pve-common, Cmd.pm.
    throw new Failure(`proxy handler failed: ${lines.at(-1)}`)
  }
}

/** What `pct` takes in its place is an option here. */
function optionsOf({ options, positional }: CommandSpec): CommandSpec['options'] {
  const placed = Object.fromEntries(positional.map(name => [name, { type: 'string' } as const]))
  return { ...placed, ...options }
}

function usage(verb: (typeof VERBS)[number]): string {
  return `pvesh ${verb} <api_path> [OPTIONS] [FORMAT_OPTIONS]\n`
}

/** Proxmox prints the keys of objects in order. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  )
}
