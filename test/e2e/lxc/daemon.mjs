import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const STOP_DEADLINE_MS = 5_000

/** One of the three real daemons, run from its built package with a configuration of this test. */
export class Daemon {
  #child

  /** @param script path of its program below `packages` */
  constructor(host, { name, script, config }) {
    this.name = name
    this.host = host
    this.script = new URL(`../../../packages/${script}`, import.meta.url).pathname
    this.config = config
    this.logFile = join(host.dir, `${name}.out`)
  }

  start() {
    const configFile = join(this.host.dir, `${this.name}.yaml`)
    // JSON is YAML too.
    writeFileSync(configFile, JSON.stringify(this.config, undefined, 2))
    const log = openSync(this.logFile, 'a')
    this.#child = spawn(process.env.LXC_AUTOSCALE_NODE ?? process.execPath, [this.script, '--config', configFile], {
      stdio: ['ignore', log, log],
      env: { ...process.env, PATH: `${this.host.binDir}:${process.env.PATH}` },
    })
    this.host.rememberProcess(this.#child.pid)
  }

  get pid() {
    return this.#child?.pid
  }

  get isRunning() {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  kill(signal) {
    this.#child?.kill(signal)
  }

  /** Asks it to stop; gives its exit code and how long it took, or undefined when it did not stop within its deadline. */
  async stop() {
    if (!this.isRunning) return { exitCode: this.#child?.exitCode, seconds: 0 }
    const startMs = performance.now()
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const [exitCode] = await Promise.race([exited, delay(STOP_DEADLINE_MS, [undefined], { ref: false })])
    return { exitCode, seconds: (performance.now() - startMs) / 1_000 }
  }

  /** The end of what it printed. */
  logTail(lines = 40) {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    } catch {
      // It was never started.
      return ''
    }
  }
}
