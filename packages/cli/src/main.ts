import {
  AutoscaleError,
  ConfigError,
  systemErrorCode,
  VERSION,
  visibleLines,
  visibleText,
} from '@lxc-autoscale/core/browser'
import { Command, CommanderError } from 'commander'

/** Exit codes of the operator's command; 78 is EX_CONFIG of sysexits(3). */
const EXIT = { done: 0, failed: 1, usage: 2, badConfiguration: 78 } as const

/** The operator's command: reads `argv`, does it, sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWithReader()
  try {
    const root = await program(process.env, neededFor(argv.slice(2)))
    await root.parseAsync([...argv])
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

type Environment = Readonly<Record<string, string | undefined>>

/** In the order of the help text. Each is loaded when it is needed: what all of them use takes ten times as long as one to load. */
const COMMANDS = {
  preview: async () => (await import('./commands/preview.ts')).previewCommand(),
  status: async (environment: Environment) => (await import('./commands/status.ts')).statusCommand(environment),
  explain: async (environment: Environment) => (await import('./commands/explain.ts')).explainCommand(environment),
  history: async (environment: Environment) => (await import('./commands/history.ts')).historyCommand(environment),
  undo: async (environment: Environment) => (await import('./commands/undo.ts')).undoCommand(environment),
  ignore: async (environment: Environment) => (await import('./commands/ignore.ts')).ignoreCommand(environment),
  mode: async (environment: Environment) => (await import('./commands/mode.ts')).modeCommand(environment),
  boost: async (environment: Environment) => (await import('./commands/boost.ts')).boostCommand(environment),
  config: async () => (await import('./commands/config.ts')).configCommand(),
  doctor: async (environment: Environment) => (await import('./commands/doctor.ts')).doctorCommand(environment),
  notify: async (environment: Environment) => (await import('./commands/notify.ts')).notifyCommand(environment),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  forest: async () => (await import('./commands/forest.ts')).forestCommand(),
  'setup-token': async () => (await import('./commands/setup-token.ts')).setupTokenCommand(),
} as const
type CommandName = keyof typeof COMMANDS
const NAMES = Object.keys(COMMANDS) as readonly CommandName[]

/** What must be loaded to do what `words` say; all of them for help, and to say which was meant. */
function neededFor([first = '']: readonly string[]): readonly CommandName[] {
  if (first === '--version' || first === '-V') return []
  const named = NAMES.filter(name => name === first)
  return named.length === 0 ? NAMES : named
}

/** The command with those of its commands that are named. */
export async function program(environment: Environment, names: readonly CommandName[] = NAMES): Promise<Command> {
  const root = new Command('lxc-autoscale')
    .description("The operator's command of LXC AutoScale ML.")
    .version(VERSION)
    .showHelpAfterError('(see lxc-autoscale --help)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 a migration that refused something, 78 bad configuration.',
    )
  const commands = await Promise.all(names.map(name => COMMANDS[name](environment)))
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
