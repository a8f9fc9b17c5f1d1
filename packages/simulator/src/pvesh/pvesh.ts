import type { Context } from '../pct/context.ts'
import { EXIT, Failure, UsageFailure } from '../pct/failure.ts'
import { parseArguments } from '../pct/parse-arguments.ts'
import type { CommandSpec } from '../schema/option-spec.ts'
import { resourceAt } from './resources.ts'
import { TIMEFRAMES } from './rrddata.ts'

const GET: CommandSpec = {
  positional: ['api_path'],
  options: {
    'output-format': { type: 'string', values: ['text', 'json', 'json-pretty', 'yaml'] },
    noproxy: { type: 'boolean' },
    type: { type: 'string', values: ['vm', 'storage', 'node', 'sdn'] },
    timeframe: { type: 'string', values: TIMEFRAMES },
    cf: { type: 'string', values: ['AVERAGE', 'MAX'] },
  },
}

const USAGE = 'pvesh get <api_path> [OPTIONS] [FORMAT_OPTIONS]\n'

/** `pvesh get PATH --output-format json`: the paths of `resources.ts`; other commands and formats are not there. */
export async function pvesh(context: Context, words: readonly string[]): Promise<number> {
  const { output } = context
  const [command, ...rest] = words
  if (command !== 'get') {
    output.err(`ERROR: ${command === undefined ? 'no command specified' : `unknown command 'pvesh ${command}'`}\n`)
    output.err(`USAGE: pvesh <COMMAND> [ARGS] [OPTIONS]\n\n       ${USAGE}`)
    return EXIT.other
  }
  try {
    const { values } = parseArguments(rest, GET, output)
    const format = values['output-format'] ?? 'text'
    if (format !== 'json' && format !== 'json-pretty') {
      throw new Failure(`the pretend pvesh prints json and json-pretty only, not '${format}'; add --output-format json`)
    }
    const value = resourceAt(context, values['api_path'] ?? '', values)
    output.out(`${JSON.stringify(sortedKeys(value), null, format === 'json' ? 0 : 3)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const hasUsage = error instanceof UsageFailure || error.message.startsWith('400 ')
    output.err(hasUsage ? `${error.message}${USAGE}` : `${error.message}\n`)
    return error.exitCode
  }
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
