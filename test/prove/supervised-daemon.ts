import { type ChildProcess, spawn } from 'node:child_process'
import { hostMonotonicMs } from '@lxc-autoscale/simulator'
import type { DaemonName } from './daemon-names.ts'
import type { ProcessRun } from './record.ts'

export interface DaemonCommand {
  readonly name: DaemonName
  readonly program: string
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** As the units say, but that they wait 2 s. */
const RESTART_AFTER_MS = 300
const NEVER_AGAIN = 78
const OUTPUT_CHARACTERS = 200_000
const LAST_WORDS = 1_200
/** Why a process was asked to stop when all was over. */
export const END_OF_ROUND = 'the end of the round'

interface Running {
  readonly process: ChildProcess
  readonly startedMs: number
  readonly isSecond: boolean
  endedMs: number | undefined
  ended: number | string | undefined
  endedBy: string | undefined
  output: string
}

/** A daemon that is started again when it fails, as systemd does it. */
export class SupervisedDaemon {
  readonly name: DaemonName
  readonly #command: DaemonCommand
  readonly #runs: Running[] = []
  #isWanted = false

  constructor(command: DaemonCommand) {
    this.name = command.name
    this.#command = command
  }

  start(): void {
    this.#isWanted = true
    this.#spawn(false)
  }

  /** A second one beside the first, as a careless person starts it; nobody starts it again. */
  startSecond(): void {
    this.#spawn(true)
  }

  /** The one that runs now. */
  get pid(): number | undefined {
    return this.#newest()?.process.pid
  }

  get output(): string {
    return this.#runs.map(({ output }) => output).join('')
  }

  /** All numbers that belong to a living process of this daemon. */
  pids(): readonly number[] {
    return this.#living().flatMap(({ process }) => process.pid ?? [])
  }

  /** Sends a signal to the one that runs; one that ends it is noted. */
  signal(signal: NodeJS.Signals, why: string | undefined): void {
    const running = this.#newest()
    if (running === undefined) return
    if (why !== undefined) running.endedBy = why
    running.process.kill(signal)
  }

  /** Asks all to stop and gives how it went; one that does not is killed after `patienceMs`. */
  async stop(patienceMs: number): Promise<readonly { readonly tookMs: number; readonly ended: number | string }[]> {
    this.#isWanted = false
    return await Promise.all(
      this.#living().map(async running => {
        const fromMs = hostMonotonicMs()
        running.endedBy = END_OF_ROUND
        running.process.kill('SIGCONT')
        running.process.kill('SIGTERM')
        const timer = setTimeout(() => running.process.kill('SIGKILL'), patienceMs)
        await ended(running)
        clearTimeout(timer)
        return { tookMs: hostMonotonicMs() - fromMs, ended: running.ended ?? '' }
      }),
    )
  }

  runs(startMs: number): readonly ProcessRun[] {
    return this.#runs.map(({ process, startedMs, endedMs, ended, endedBy, isSecond, output }) => ({
      daemon: this.name,
      pid: process.pid ?? 0,
      startedMs: startedMs - startMs,
      endedMs: endedMs === undefined ? undefined : endedMs - startMs,
      ended,
      endedBy,
      isSecond,
      lastWords: output.slice(-LAST_WORDS),
    }))
  }

  #living(): readonly Running[] {
    return this.#runs.filter(({ endedMs }) => endedMs === undefined)
  }

  #newest(): Running | undefined {
    return this.#living().findLast(({ isSecond }) => !isSecond)
  }

  #spawn(isSecond: boolean): void {
    const { program, words, environment } = this.#command
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
    const running: Running = {
      process: child,
      startedMs: hostMonotonicMs(),
      isSecond,
      endedMs: undefined,
      ended: undefined,
      endedBy: undefined,
      output: '',
    }
    this.#runs.push(running)
    const keep = (part: Buffer) => {
      running.output = (running.output + part.toString('utf8')).slice(-OUTPUT_CHARACTERS)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('exit', (code, signal) => {
      running.endedMs = hostMonotonicMs()
      running.ended = code ?? String(signal)
      const isToCome = this.#isWanted && !isSecond && code !== NEVER_AGAIN && code !== 0
      if (isToCome) setTimeout(() => this.#isWanted && this.#spawn(false), RESTART_AFTER_MS)
    })
  }
}

function ended({ process }: Running): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => process.once('exit', () => resolve()))
}
