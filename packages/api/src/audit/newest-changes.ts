import { anotherSince, type HistoryEntryBody, mayHaveMoved } from '@lxc-autoscale/core'

/** The newest change of the allocation of each container. */
export class NewestChanges {
  /** What came since the reading began is newer than all that is read. */
  readonly #newest = new Map<number, HistoryEntryBody>()
  /** Numbers of which older changes are those of another container. */
  readonly #reused = new Set<number>()
  readonly #isRead: Promise<void>

  constructor(newestFirst: AsyncIterable<HistoryEntryBody>) {
    this.#isRead = this.#read(newestFirst)
  }

  note(entry: HistoryEntryBody): void {
    const another = anotherSince(entry)
    if (another !== undefined) {
      this.#newest.delete(another)
      this.#reused.add(another)
    }
    if (mayHaveMoved(entry)) this.#newest.set(entry.lxc_id, entry)
  }

  async all(): Promise<readonly HistoryEntryBody[]> {
    await this.#isRead
    return [...this.#newest.values()]
  }

  async #read(newestFirst: AsyncIterable<HistoryEntryBody>): Promise<void> {
    for await (const entry of newestFirst) {
      const { lxc_id: vmid } = entry
      if (!this.#newest.has(vmid) && !this.#reused.has(vmid) && mayHaveMoved(entry)) this.#newest.set(vmid, entry)
      const another = anotherSince(entry)
      if (another !== undefined) this.#reused.add(another)
    }
  }
}
