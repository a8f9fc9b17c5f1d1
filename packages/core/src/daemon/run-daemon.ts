import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { type Clock, systemClock } from '../clock.ts'
import type { ConfigRules } from '../config/parse-config.ts'
import { loadConfig } from '../config/read-config.ts'
import { AutoscaleError, ConfigError, errorMessage } from '../errors.ts'
import { createLogger, type Logger, type LogSettings } from '../log.ts'
import { VERSION } from '../version.ts'
import { type SystemdNotifier, systemdNotifier } from './notify-systemd.ts'
import { Reloads } from './reloads.ts'

/** Exit codes of the daemons; 78 is EX_CONFIG of sysexits(3), and the units do not restart after it. */
const EXIT_CODES = {
  stopped: 0,
  failed: 1,
  badConfiguration: 78,
} as const

const SHUTDOWN_DEADLINE_MS = 4_500

const HEEDED_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type HeededSignal = (typeof HEEDED_SIGNALS)[number]

export interface DaemonContext<Config> {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  /** Aborted when the daemon is asked to stop. */
  readonly signal: AbortSignal
  /** Whether to do one cycle and return (`--once`). */
  readonly once: boolean
  readonly notify: SystemdNotifier
  /**
   * Has `apply` called with each new valid configuration (SIGHUP), at once if there was one since the start. An invalid one
   * is logged and not passed on.
   */
  onReload(apply: (config: Config) => void): void
}

/** What makes one daemon different from another. */
export interface DaemonSpec<Schema extends z.ZodType> extends ConfigRules<Schema> {
  /** The name of the command, for example `lxc-monitor`. */
  readonly command: string
  readonly summary: string
  readonly defaultConfigFile: string
  readonly hasOnce: boolean
  logSettings(config: z.output<Schema>): LogSettings
  /** Looks, for `--check-config`, at the files that the configuration names. @throws {ConfigError} */
  checkFiles?(config: z.output<Schema>): void
  /** Does the work; returns after `signal` was aborted, or after one cycle with `once`. */
  run(context: DaemonContext<z.output<Schema>>): Promise<void>
}

/**
 * The body of every daemon's `main.ts`: reads the command line and the configuration, runs, and sets the exit code.
 * SIGTERM and SIGINT stop it within 5 s, SIGHUP re-reads the configuration.
 */
export async function runDaemon<Schema extends z.ZodType>(spec: DaemonSpec<Schema>): Promise<void> {
  const options = readCommandLine(spec)
  if (options === undefined) return
  const signals = new Signals()
  const source = () => loadConfig(options.config, spec)
  try {
    const { config, warnings } = source()
    if (options['check-config']) {
      spec.checkFiles?.(config)
      for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`)
      process.stdout.write(`${options.config}: ok\n`)
      return
    }
    const log = createLogger(spec.command, spec.logSettings(config), process.env['JOURNAL_STREAM'] !== undefined)
    for (const warning of warnings) log.warn(warning)
    await runUntilStopped(spec, {
      config,
      log,
      once: options.once,
      reload: () => source().config,
      signals,
    })
  } catch (error) {
    reportStartFailure(spec.command, error)
  }
}

/**
 * Heeds the signals from its making to the end of the process: none ends the process by itself, however early or late it
 * comes. One that comes before anybody heeds it waits; when the daemon is over, it means nothing.
 */
class Signals {
  readonly #waiting: HeededSignal[] = []
  #heed = (name: HeededSignal): void => void this.#waiting.push(name)

  constructor() {
    // The commands of bin/ heed them until here.
    for (const name of HEEDED_SIGNALS) process.removeAllListeners(name).on(name, () => this.#heed(name))
  }

  heed(heed: (name: HeededSignal) => void): void {
    this.#heed = heed
    for (const name of this.#waiting.splice(0)) heed(name)
  }
}

interface RunningDaemon<Config> {
  readonly config: Config
  readonly log: Logger
  readonly once: boolean
  readonly reload: () => Config
  readonly signals: Signals
}

async function runUntilStopped<Schema extends z.ZodType>(
  spec: DaemonSpec<Schema>,
  { config, log, once, reload, signals }: RunningDaemon<z.output<Schema>>,
): Promise<void> {
  const stop = new AbortController()
  const notify = systemdNotifier(process.env)
  const reloads = new Reloads({ log, reload, notify })
  const onStop = (name: HeededSignal) => {
    log.info({ signal: name }, 'stopping')
    notify.stopping()
    stop.abort()
    setTimeout(() => {
      log.error({ deadline_ms: SHUTDOWN_DEADLINE_MS }, 'could not stop in time; leaving')
      process.exit(EXIT_CODES.failed)
    }, SHUTDOWN_DEADLINE_MS).unref()
  }
  const onBug = (error: unknown) => {
    log.fatal({ err: error }, 'bug; leaving')
    process.exit(EXIT_CODES.failed)
  }
  process.on('uncaughtException', onBug).on('unhandledRejection', onBug)
  log.info({ version: VERSION, pid: process.pid, node: process.version }, 'starting')
  signals.heed(name => {
    if (stop.signal.aborted) return
    if (name === 'SIGHUP') reloads.reload()
    else onStop(name)
  })
  try {
    await spec.run({
      config,
      log,
      clock: systemClock,
      signal: stop.signal,
      once,
      notify: { ...notify, ready: status => reloads.ready(status) },
      onReload: apply => reloads.onReload(apply),
    })
    log.info('stopped')
    process.exitCode = EXIT_CODES.stopped
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (error instanceof AutoscaleError) log.fatal({ code: error.code }, error.message)
    else log.fatal({ err: error }, 'bug; leaving')
  } finally {
    // Handles that a failed start may have left open (sockets, workers) must not keep the process alive.
    setTimeout(() => {
      log.warn({ open: process.getActiveResourcesInfo() }, 'something was left open; leaving')
      process.exit()
    }, 1_000).unref()
    signals.heed(() => undefined)
  }
}

function readCommandLine<Schema extends z.ZodType>(spec: DaemonSpec<Schema>) {
  const options = {
    config: { type: 'string', default: spec.defaultConfigFile },
    'check-config': { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    version: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  try {
    const { values } = parseArgs({
      options,
      strict: true,
      allowPositionals: false,
    })
    if (values.once && !spec.hasOnce) throw new Error(`${spec.command} has no option --once`)
    if (!values.help && !values.version) return values
    process.stdout.write(values.help ? helpText(spec) : `${spec.command} ${VERSION}\n`)
  } catch (error) {
    process.stderr.write(`${spec.command}: ${errorMessage(error)}\n\n${helpText(spec)}`)
    process.exitCode = EXIT_CODES.badConfiguration
  }
  return undefined
}

function helpText<Schema extends z.ZodType>({
  command,
  summary,
  defaultConfigFile,
  hasOnce,
}: DaemonSpec<Schema>): string {
  const once = hasOnce ? '  --once           do one cycle, then exit\n' : ''
  return `${summary}

usage: ${command} [options]

  --config FILE    configuration (default ${defaultConfigFile})
  --check-config   report all problems of the configuration, then exit with 0 or 78
${once}  --version        print the version
  --help           print this text

Exit codes: 0 asked to stop, 1 bug or failed start, 78 bad configuration.
SIGHUP re-reads the configuration, SIGTERM stops within 5 s.
`
}

function reportStartFailure(command: string, error: unknown): void {
  process.exitCode = exitCodeOf(error)
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const text = error instanceof AutoscaleError ? error.message : bug
  process.stderr.write(`${text.replace(/^/gm, `${command}: `)}\n`)
}

/** Only what an edit of the configuration mends: a port that is taken may be free at the next start. */
function exitCodeOf(error: unknown): number {
  return error instanceof ConfigError ? EXIT_CODES.badConfiguration : EXIT_CODES.failed
}
