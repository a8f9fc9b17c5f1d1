import { type ChildProcess, spawn } from 'node:child_process'

const KEPT_LINES = 15
/** A daemon stops within 5 s; one that does not is stuck. */
const STOP_MS = 6_000

export interface DaemonStart {
  readonly name: string
  /** Path of the program. */
  readonly program: string
  readonly configFile: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
}

/** How a daemon ended, for people. */
export interface DaemonEnd {
  readonly name: string
  readonly how: string
  /** The last lines that it printed. */
  readonly lastLines: readonly string[]
}

/** One of the three daemons as a child of the demo, in a process group of its own so that Ctrl-C reaches the demo only. */
export class ChildDaemon {
  readonly name: string
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly ended: Promise<DaemonEnd>

  constructor({ name, program, configFile, env, directory }: DaemonStart) {
    this.name = name
    this.#child = spawn(process.execPath, [program, '--config', configFile], {
      cwd: directory,
      detached: true,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', text => this.#keep(text))
    this.#child.stderr?.setEncoding('utf8').on('data', text => this.#keep(text))
    this.ended = new Promise(resolve => {
      const end = (how: string) => resolve({ name, how, lastLines: this.#lines })
      this.#child.once('error', error => end(`could not be started: ${error.message}`))
      this.#child.once('close', (code, signal) =>
        end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
      )
    })
  }

  /** Asks the daemon to stop, and kills it and all it started when it does not. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM')
    const timer = setTimeout(() => this.kill(), STOP_MS)
    await this.ended
    clearTimeout(timer)
    this.kill()
  }

  /** Kills the daemon and whatever it started that is still there. */
  kill(): void {
    this.#signal('SIGKILL', -1)
  }

  /** @param sign -1 for the whole process group */
  #signal(signal: NodeJS.Signals, sign: 1 | -1 = 1): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(sign * pid, signal)
    } catch {
      // It is gone already.
    }
  }

  #keep(text: string): void {
    this.#lines.push(...text.split('\n').filter(line => line.trim() !== ''))
    this.#lines.splice(0, this.#lines.length - KEPT_LINES)
  }
}
