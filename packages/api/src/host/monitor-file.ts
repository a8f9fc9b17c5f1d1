import { AutoscaleError, type ContainerSample, errorMessage, type MetricsCycle, parseCycle } from '@lxc-autoscale/core'
import type { HostFiles } from '@lxc-autoscale/host'
import { linesBackwards } from './lines-backwards.ts'

/** Lines at the end of the file that hold no cycle: a torn one, and the closing bracket. */
const MAX_OTHER_LINES = 4

/** The newest cycle of the metrics file that the monitor writes. */
export class MonitorFile {
  readonly #files: HostFiles
  readonly #path: string
  #newest: { readonly modifiedMs: number; readonly cycle: Promise<MetricsCycle | undefined> } | undefined

  constructor(files: HostFiles, path: string) {
    this.#files = files
    this.#path = path
  }

  /** The newest sample of a container; undefined when there is none. @throws {AutoscaleError} HOST_UNREADABLE */
  async sample(vmid: number): Promise<ContainerSample | undefined> {
    const cycle = await this.#cycle()
    return cycle?.containers.get(vmid)
  }

  /**
   * When the file was last written, milliseconds since 1970 UTC; undefined when it is not there.
   * @throws {AutoscaleError} HOST_UNREADABLE
   */
  modifiedMs(): number | undefined {
    return this.#path === '' ? undefined : this.#files.modifiedMs(this.#path)
  }

  #cycle(): Promise<MetricsCycle | undefined> {
    const modifiedMs = this.modifiedMs()
    if (modifiedMs === undefined) return Promise.resolve(undefined)
    if (this.#newest?.modifiedMs === modifiedMs) return this.#newest.cycle
    const newest = { modifiedMs, cycle: this.#read() }
    this.#newest = newest
    // A failure is told to those who wait for it, and to nobody after them.
    newest.cycle.catch(() => {
      if (this.#newest === newest) this.#newest = undefined
    })
    return newest.cycle
  }

  async #read(): Promise<MetricsCycle | undefined> {
    try {
      let others = 0
      for await (const line of linesBackwards(this.#path)) {
        const cycle = parseCycle(line)
        if (cycle !== undefined) return cycle
        if (++others > MAX_OTHER_LINES) break
      }
      return undefined
    } catch (error) {
      throw new AutoscaleError('HOST_UNREADABLE', `${this.#path}: ${errorMessage(error)}`, { cause: error })
    }
  }
}
