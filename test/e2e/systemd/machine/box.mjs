import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const script = join(import.meta.dirname, 'box.sh')

/** A throw-away host in a namespace of this machine; see box.sh. */
export class Box {
  #root
  #state

  constructor({ root, work }) {
    this.#root = root
    // Its cgroups bear the name of this folder: two runs at the same time must not share one.
    this.#state = join(work, `box-${process.pid}`)
  }

  /** Runs the groups of checks; `onLine` gets each line that they print. */
  async run({ tests, packages, groups, onLine }) {
    try {
      execFileSync(
        script,
        ['start', this.#state, this.#root, `--bind-ro=${tests}:/e2e`, `--bind-ro=${packages}:/packages`],
        {
          stdio: ['ignore', 'inherit', 'inherit'],
        },
      )
      await this.#inside(['/e2e/checks/run', '/packages', ...groups], onLine)
    } finally {
      this.stop()
    }
  }

  stop() {
    execFileSync(script, ['stop', this.#state], { stdio: 'inherit' })
  }

  async #inside(command, onLine) {
    const child = spawn(script, ['run', this.#state, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface({ input: child.stdout })) onLine(line)
    if (child.exitCode === null) await new Promise(resolve => child.once('close', resolve))
    if (child.exitCode !== 0) throw new Error(`the checks ended with exit code ${child.exitCode}`)
  }
}
