import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { until } from '../lxc/checklist.mjs'
import { LXC_DIR } from '../lxc/containers.mjs'
import { mainProcess } from './container-watch.mjs'

const execute = promisify(execFile)
const COMMAND_TIMEOUT_MS = 60_000
const START_TIMEOUT_MS = 300_000
/** A slice of load begins at most so often. */
const SLICE_MS = 1_000

/** Runs a program in a container; gives its standard output. @throws {Error} when it fails or takes too long */
export async function runIn(vmid, ...words) {
  const attach = ['-P', LXC_DIR, '-n', String(vmid), '--', ...words.map(String)]
  const { stdout } = await execute('lxc-attach', attach, { timeout: COMMAND_TIMEOUT_MS, maxBuffer: 2 ** 26 })
  return stdout
}

/** One service in its container, asked from another container all through the run. */
export class ServiceUnderLoad {
  /** {fromMs, toMs, requests, failed, seconds, p99Ms} of performance.now(), in order; without seconds and p99Ms if all of it failed. */
  slices = []
  errors = []
  #software
  #loadNow
  #isOver = false
  #loops = []

  /** @param loadNow gives the load that is due, 0 to 1 */
  constructor({ software, vmid, address, clients, loadNow }) {
    this.name = software.name
    this.vmid = vmid
    this.#software = software
    this.#loadNow = loadNow
    this.#context = { address, run: (...words) => runIn(clients, ...words) }
  }
  #context

  /** Waits until it answers. */
  async prepare() {
    const { prepare, slice } = this.#software
    let lastError
    const answers = async step => {
      try {
        await step?.({ ...this.#context, load: 0 })
        return true
      } catch (error) {
        // Not up yet.
        lastError = error
        return false
      }
    }
    try {
      await until(
        `${this.name} answers`,
        START_TIMEOUT_MS,
        async () => (await answers(prepare)) && (await answers(slice)),
      )
    } catch (error) {
      const log = readFileSync(join(LXC_DIR, String(this.vmid), 'rootfs/service.log'), 'utf8')
      throw new Error(`${error.message}: ${lastError.message}\n${log.slice(-2_000)}`)
    }
    this.mainPid = mainProcess(this.vmid, this.#software.process)
  }

  start() {
    const { slice, aside } = this.#software
    this.#loops = [this.#repeat(slice, SLICE_MS), ...(aside === undefined ? [] : [this.#repeat(aside, 3 * SLICE_MS)])]
  }

  async stop() {
    this.#isOver = true
    await Promise.all(this.#loops)
  }

  get hasRestarted() {
    return mainProcess(this.vmid, this.#software.process) !== this.mainPid
  }

  total(figure) {
    return this.slices.reduce((sum, slice) => sum + slice[figure], 0)
  }

  async #repeat(step, everyMs) {
    while (!this.#isOver) {
      const fromMs = performance.now()
      const result = await this.#measure(step)
      if (result !== undefined) this.slices.push({ fromMs, toMs: performance.now(), ...result })
      await delay(Math.max(0, fromMs + everyMs - performance.now()))
    }
  }

  async #measure(step) {
    try {
      return await step({ ...this.#context, load: this.#loadNow() })
    } catch (error) {
      this.errors.push(`${error.message} ${error.stderr ?? ''}`.trim())
      return { requests: 0, failed: 1 }
    }
  }
}
