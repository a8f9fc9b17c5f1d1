import { AutoscaleError, ConfigError, systemErrorCode, VERSION, visibleLines, visibleText } from '@lxc-autoscale/core'
import { Command, CommanderError } from 'commander'
import { boostCommand } from './commands/boost.ts'
import { configCommand } from './commands/config.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { forestCommand } from './commands/forest.ts'
import { historyCommand } from './commands/history.ts'
import { ignoreCommand } from './commands/ignore.ts'
import { modeCommand } from './commands/mode.ts'
import { notifyCommand } from './commands/notify.ts'
import { previewCommand } from './commands/preview.ts'
import { replayCommand } from './commands/replay.ts'
import { setupTokenCommand } from './commands/setup-token.ts'
import { statusCommand } from './commands/status.ts'
import { undoCommand } from './commands/undo.ts'

/** Exit codes of the operator's command; 78 is EX_CONFIG of sysexits(3). */
const EXIT = { done: 0, failed: 1, usage: 2, badConfiguration: 78 } as const

/** The operator's command: reads `argv`, does it, sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWithReader()
  try {
    await program(process.env).parseAsync([...argv])
  } catch (error) {
    process.exitCode = exitCode(error)
  }
}

/** A reader such as `head` that has seen enough is no failure. */
function endQuietlyWithReader(): void {
  process.stdout.on('error', error => {
    if (systemErrorCode(error) !== 'EPIPE') throw error
    process.exit()
  })
}

/** All commands, in the order of the help text. */
export function program(environment: Readonly<Record<string, string | undefined>>): Command {
  const root = new Command('lxc-autoscale')
    .description("The operator's command of LXC AutoScale ML.")
    .version(VERSION)
    .showHelpAfterError('(see lxc-autoscale --help)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 a migration that refused something, 78 bad configuration.',
    )
  const commands = [
    previewCommand(),
    statusCommand(environment),
    explainCommand(environment),
    historyCommand(environment),
    undoCommand(environment),
    ignoreCommand(environment),
    modeCommand(environment),
    boostCommand(environment),
    configCommand(),
    doctorCommand(environment),
    notifyCommand(environment),
    replayCommand(),
    forestCommand(),
    setupTokenCommand(),
  ]
  for (const command of commands) root.addCommand(command)
  return exitOverridden(root)
}

/** Commander must not end the process by itself: the exit code is set in one place. */
function exitOverridden(command: Command): Command {
  command.exitOverride()
  for (const child of command.commands) exitOverridden(child)
  return command
}

function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (!(error instanceof AutoscaleError)) throw error
  const message = error instanceof ConfigError ? visibleLines(error.message) : visibleText(error.message)
  process.stderr.write(`lxc-autoscale: ${message} (${error.code})\n`)
  if (error.code === 'CONFIG_INVALID') return EXIT.badConfiguration
  return error.code === 'INVALID_REQUEST' ? EXIT.usage : EXIT.failed
}
