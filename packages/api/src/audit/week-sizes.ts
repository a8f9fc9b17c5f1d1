import { anotherSince, type HistoryEntryBody, type InstallSizeBody, MS_PER_HOUR } from '@lxc-autoscale/core'
import { sizeBefore } from './install-sizes.ts'

/**
 * What containers had before the changes of the model, of each hour the first one: enough to tell what they had before all
 * that were made since a moment, to the hour, however many there were.
 */
export class WeekSizes {
  /** By container, oldest first. */
  readonly #sizes = new Map<number, InstallSizeBody[]>()
  /** What came since the reading began is newer than all that is read. */
  readonly #later: HistoryEntryBody[] = []
  readonly #isRead: Promise<void>
  #hasRead = false

  constructor(newestFirst: AsyncIterable<HistoryEntryBody>) {
    this.#isRead = this.#read(newestFirst)
  }

  note(entry: HistoryEntryBody): void {
    if (!this.#hasRead) {
      this.#later.push(entry)
      return
    }
    const another = anotherSince(entry)
    if (another !== undefined) this.#sizes.delete(another)
    const size = sizeBefore(entry)
    if (size === undefined) return
    const known = this.#sizes.get(size.lxc_id)
    const last = known?.at(-1)
    if (known === undefined || last === undefined) this.#sizes.set(size.lxc_id, [size])
    // What came while the log was read may stand in it too.
    else if (hourOf(size) > hourOf(last)) known.push(size)
  }

  /** Of each container that was changed since `sinceMs`, what it had before; older changes are forgotten. */
  async since(sinceMs: number): Promise<readonly InstallSizeBody[]> {
    await this.#isRead
    for (const [vmid, sizes] of this.#sizes) {
      const at = sizes.findIndex(({ time }) => Date.parse(time) >= sinceMs)
      if (at < 0) this.#sizes.delete(vmid)
      else sizes.splice(0, at)
    }
    return [...this.#sizes.values()].flatMap(([oldest]) => oldest ?? [])
  }

  async #read(newestFirst: AsyncIterable<HistoryEntryBody>): Promise<void> {
    const entries: HistoryEntryBody[] = []
    for await (const entry of newestFirst) {
      if (sizeBefore(entry) !== undefined || anotherSince(entry) !== undefined) entries.push(entry)
    }
    const read = entries.reverse()
    this.#hasRead = true
    for (const entry of [...read, ...this.#later.splice(0)]) this.note(entry)
  }
}

function hourOf({ time }: InstallSizeBody): number {
  return Math.floor(Date.parse(time) / MS_PER_HOUR)
}
