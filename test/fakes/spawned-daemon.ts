import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '..', '..', 'packages')

/** A built daemon that runs as a process of its own. */
export class SpawnedDaemon {
  readonly process: ChildProcess
  #output = ''
  readonly #ended: Promise<number | string>

  /** @param bin for example `model/bin/lxc-autoscale-ml.mjs` */
  constructor(bin: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.process = spawn(process.execPath, [join(packages, bin), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    const keep = (part: Buffer) => {
      this.#output += part.toString('utf8')
    }
    this.process.stdout?.on('data', keep)
    this.process.stderr?.on('data', keep)
    this.#ended = new Promise(resolve => this.process.on('close', (code, signal) => resolve(code ?? String(signal))))
  }

  get output(): string {
    return this.#output
  }

  /** The text that `pattern` finds in the output, waiting for it. */
  async says(pattern: RegExp, mostMs = 15_000): Promise<RegExpExecArray> {
    const endMs = Date.now() + mostMs
    for (;;) {
      const found = pattern.exec(this.#output)
      if (found !== null) return found
      const hasEnded = this.process.exitCode !== null || this.process.signalCode !== null
      if (Date.now() > endMs || hasEnded) throw new Error(`did not say ${pattern}, but:\n${this.#output}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  /** The exit code, or the signal that ended it. */
  ended(): Promise<number | string> {
    return this.#ended
  }

  async end(signal: NodeJS.Signals): Promise<number | string> {
    this.process.kill(signal)
    return this.#ended
  }
}
