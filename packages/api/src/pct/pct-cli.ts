import { AutoscaleError, type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { CommandKind, CommandOutput, HostCommand, HostCommands, LeftWait } from '../ports.ts'
import type { CommandReport } from './command-report.ts'
import { endProcessTree } from './end-process-tree.ts'
import { commandFailure, hiddenFailure } from './failure.ts'
import { leftCommandsEnded, MARK_VARIABLE } from './left-commands.ts'
import { ProcessSlots } from './process-slots.ts'

export interface PctCliOptions {
  readonly clock: Clock
  /** Stands in the environment of every command, so that those of this service can be told from others. */
  readonly mark: string
  /** Time limit of a command of this kind, milliseconds. */
  readonly limitMs: (kind: CommandKind) => number
  readonly onEnd: (report: CommandReport) => void
}

/** Each start of pct costs a core for a second. */
const MAX_PROCESSES = 2
/** What the helper of an unprivileged installation ends with when the host lacks the command; as a shell does. */
const COMMAND_NOT_FOUND = 127
const MAX_WAITING_READS = 64
const MAX_OUTPUT_BYTES = 4_194_304
/** How long the end of a process is waited for after it was killed: one that sleeps in the kernel does not die. */
const KILLED_WAIT_MS = 1_000

const EXECA_OPTIONS = {
  reject: false,
  stdin: 'ignore',
  // Its own process group, so that all of it can be ended; and it outlives this daemon: a half-done `pct set` is worse
  // than one that nobody waits for, and the audit log resolves it at the next start.
  detached: true,
  cleanup: false,
  maxBuffer: MAX_OUTPUT_BYTES,
} as const

/** How a process ended; `code` is that of the system when it could not be started. */
interface EndedCommand {
  readonly exitCode: number | undefined
  readonly code: string | undefined
  readonly stdout: string
  readonly stderr: string
}

/** The commands of Proxmox on this host. */
export class PctCli implements HostCommands {
  readonly #options: PctCliOptions
  readonly #slots = new ProcessSlots(MAX_PROCESSES, MAX_WAITING_READS)

  constructor(options: PctCliOptions) {
    this.#options = options
  }

  run(command: HostCommand, beforeStart?: () => AbortSignal | undefined): Promise<CommandOutput> {
    return this.#slots.run(command.kind === 'read' ? 'read' : 'change', () => this.#run(command, beforeStart?.()))
  }

  /** Commands of all containers are waited for: they do not say of which they are. */
  leftEnded(_vmid: number, wait: LeftWait): Promise<boolean> {
    return leftCommandsEnded({ ...wait, mark: this.#options.mark, clock: this.#options.clock })
  }

  async #run(command: HostCommand, stop: AbortSignal | undefined): Promise<CommandOutput> {
    const { clock, onEnd } = this.#options
    const startMs = clock.monotonicMs()
    const report = (outcome: CommandReport['outcome']) => {
      const durationMs = clock.monotonicMs() - startMs
      onEnd({ command, outcome, durationMs })
      return durationMs
    }
    const result = await this.#spawn(command, stop)
    if (result === undefined) {
      report('timeout')
      throw timeoutError(command, this.#options.limitMs(command.kind))
    }
    if (result.code === 'ENOENT' || result.code === 'EACCES' || result.exitCode === COMMAND_NOT_FOUND) {
      report('missing')
      throw missingError(command)
    }
    const failure = failureOf(command, result)
    const durationMs = report(failure === undefined ? 'ok' : 'failed')
    if (failure !== undefined) throw failure
    return { stdout: result.stdout, stderr: result.stderr, durationMs }
  }

  /** Undefined when it did not end in time, or did not obey when it was to stop; then it and its children have been ended. */
  async #spawn({ program, args, kind }: HostCommand, stop: AbortSignal | undefined): Promise<EndedCommand | undefined> {
    const { clock, limitMs, mark } = this.#options
    // Loaded with the first command: most of the time this daemon only reads, and must stay small.
    const { execa } = await import('execa')
    const child = execa(program, args, { ...EXECA_OPTIONS, env: { LC_ALL: 'C.UTF-8', [MARK_VARIABLE]: mark } })
    const isOver = new AbortController()
    const stopping = stop === undefined ? [isOver.signal] : [isOver.signal, stop]
    const timer = clock.sleep(limitMs(kind), AbortSignal.any(stopping)).then(() => undefined)
    const result = await Promise.race([child, timer])
    isOver.abort()
    if (result !== undefined) return endOf(result)
    const isObeyed = child.pid === undefined || (await endProcessTree(child.pid, clock))
    const late = await Promise.race([child, clock.sleep(KILLED_WAIT_MS)])
    // Whoever had to be killed may have children elsewhere that are still at it.
    return stop?.aborted === true && isObeyed && late ? endOf(late) : undefined
  }
}

function endOf({
  exitCode,
  code,
  stdout,
  stderr,
}: Partial<EndedCommand> & Pick<EndedCommand, 'stdout' | 'stderr'>): EndedCommand {
  return { exitCode, code, stdout, stderr }
}

function failureOf(command: HostCommand, result: EndedCommand): AutoscaleError | undefined {
  const { exitCode, stdout, stderr } = result
  const commandLine = formatCommand(command)
  if (exitCode !== 0) return commandFailure({ commandLine, exitCode, stdout, stderr })
  // `pct resize` ends with 0 although its work failed.
  if (command.kind !== 'resize' || hiddenFailure(stderr) === undefined) return undefined
  return commandFailure({ commandLine, exitCode, stdout, stderr })
}

function timeoutError(command: HostCommand, limitMs: number): AutoscaleError {
  const limitSeconds = limitMs / MS_PER_SECOND
  return new AutoscaleError(
    'PCT_TIMEOUT',
    `${formatCommand(command)}: did not end within ${limitSeconds} s and was stopped`,
    { details: { command: formatCommand(command), limit_seconds: limitSeconds } },
  )
}

function missingError(command: HostCommand): AutoscaleError {
  return new AutoscaleError('PCT_MISSING', `${command.program}: not found on PATH; is this a Proxmox VE host?`, {
    details: { command: formatCommand(command) },
  })
}

/** The command as one line for people, who would set it without the digest. */
export function formatCommand({ program, kind, args }: HostCommand): string {
  const end = kind === 'set' || kind === 'resize' ? args.indexOf('--digest') : -1
  const words = end < 0 ? args : args.slice(0, end)
  return [program, ...words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))].join(' ')
}
