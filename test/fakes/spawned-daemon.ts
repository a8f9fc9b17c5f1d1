import { type ChildProcess, spawn } from 'node:child_process'
import { nodeFile, programFile } from './program-file.ts'

/** Longer than any machine is busy: what takes so long does not happen. */
const PATIENCE_MS = 60_000

/** A built daemon that runs as a process of its own. */
export class SpawnedDaemon {
  readonly process: ChildProcess
  #output = ''
  readonly #ended: Promise<number | string>

  /** @param bin as `programFile` takes it */
  constructor(bin: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.process = spawn(nodeFile(), [programFile(bin), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    const keep = (part: Buffer) => {
      this.#output += part.toString('utf8')
    }
    this.process.stdout?.on('data', keep)
    this.process.stderr?.on('data', keep)
    this.#ended = new Promise(done => this.process.on('close', (code, signal) => done(code ?? String(signal))))
  }

  get output(): string {
    return this.#output
  }

  /** The text that `pattern` finds in the output, waiting for it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const endMs = Date.now() + PATIENCE_MS
    for (;;) {
      const found = pattern.exec(this.#output)
      if (found !== null) return found
      const hasEnded = this.process.exitCode !== null || this.process.signalCode !== null
      if (Date.now() > endMs || hasEnded) throw new Error(`did not say ${pattern}, but:\n${this.#output}`)
      await new Promise(done => setTimeout(done, 10))
    }
  }

  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | string> {
    return this.#ended
  }

  /** As `ended`, after a signal; a daemon that does not heed it is killed, which is what is given then. */
  async end(signal: NodeJS.Signals): Promise<number | string> {
    this.process.kill(signal)
    const timer = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE_MS)
    const ended = await this.#ended
    clearTimeout(timer)
    return ended
  }
}
