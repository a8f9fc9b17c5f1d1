import type { Command } from './command.ts'
import type { Context } from './context.ts'
import { EXIT, Failure, ParameterFailure, UsageFailure } from './failure.ts'
import { parseArguments } from './parse-arguments.ts'

/** Each command is loaded only when it is called: `pct` has to start quickly. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  list: async () => (await import('./commands/list.ts')).list,
  status: async () => (await import('./commands/status.ts')).status,
  config: async () => (await import('./commands/config.ts')).config,
  pending: async () => (await import('./commands/config.ts')).pending,
  set: async () => (await import('./commands/set.ts')).set,
  exec: async () => (await import('./commands/exec.ts')).exec,
  snapshot: async () => (await import('./commands/snapshot-commands.ts')).snapshot,
  listsnapshot: async () => (await import('./commands/listsnapshot.ts')).listsnapshot,
  rollback: async () => (await import('./commands/snapshot-commands.ts')).rollback,
  delsnapshot: async () => (await import('./commands/snapshot-commands.ts')).delsnapshot,
  clone: async () => (await import('./commands/clone.ts')).clone,
  start: async () => (await import('./commands/power-commands.ts')).start,
  stop: async () => (await import('./commands/power-commands.ts')).stop,
  shutdown: async () => (await import('./commands/power-commands.ts')).shutdown,
  reboot: async () => (await import('./commands/power-commands.ts')).reboot,
  destroy: async () => (await import('./commands/destroy.ts')).destroy,
  resize: async () => (await import('./commands/resize.ts')).resize,
  migrate: async () => (await import('./commands/migrate.ts')).migrate,
  unlock: async () => (await import('./commands/unlock.ts')).unlock,
  cpusets: async () => (await import('./commands/cpusets.ts')).cpusets,
}

/** Runs `pct WORDS`; gives the exit code. */
export async function pct(context: Context, words: readonly string[]): Promise<number> {
  const { output } = context
  const [given, ...rest] = words
  const names = given === undefined ? [] : await expand(given)
  const [name = ''] = names
  const load = names.length === 1 ? COMMANDS[name] : undefined
  if (load === undefined) {
    const { fullUsage } = await import('./usage.ts')
    const problem = given === undefined ? 'no command specified' : unavailable(given, names)
    output.err(fullUsage(problem, names.length > 1 ? given : undefined))
    return EXIT.other
  }
  try {
    const command = await load()
    return (await command.run(context, parseArguments(rest, command, output))) ?? 0
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    output.err(await message(error, name))
    return error.exitCode
  }
}

/** The commands that `given` can stand for. */
async function expand(given: string): Promise<readonly string[]> {
  if (Object.hasOwn(COMMANDS, given)) return [given]
  const { COMMAND_NAMES } = await import('./usage.ts')
  return COMMAND_NAMES.includes(given) ? [given] : COMMAND_NAMES.filter(name => name.startsWith(given))
}

function unavailable(given: string, names: readonly string[]): string {
  const [name, ...others] = names
  if (name === undefined) return `unknown command 'pct ${given}'`
  return others.length > 0 ? `incomplete command 'pct ${given}'` : `the pretend host has no 'pct ${name}'`
}

/** Wrong parameters are followed by the usage of the command. */
async function message(error: Failure, command: string): Promise<string> {
  const hasUsage = error instanceof ParameterFailure || error instanceof UsageFailure
  return hasUsage ? `${error.message}${(await import('./usage.ts')).usageLine(command)}` : `${error.message}\n`
}
