import { join } from 'node:path'
import {
  AllocationBody,
  AutoscaleError,
  anotherSince,
  errorMessage,
  type HistoryEntryBody,
  InstallSizeBody,
  isBegun,
  isDecidedByModel,
  type Logger,
  parseJson,
  readRegularFile,
  removeTemporaries,
  replaceFile,
  systemErrorCode,
} from '@lxc-autoscale/core'
import { z } from 'zod'

const FILE = 'install-sizes.json'
/** Far more than a size for each container. */
const MOST_BYTES = 16_777_216
/** So many lines of the log are gone through again at most, when the daemon was killed. */
const LINES_PER_SAVE = 500

const Saved = z.object({
  version: z.literal(1),
  /** The newest line of the audit log that it holds; null when there was none. */
  last_change_id: z.string().nullable(),
  containers: z.array(InstallSizeBody),
})
type Saved = z.output<typeof Saved>

/**
 * What each container had before the first change that the model made to it. It follows from the audit log, and outlives its
 * rotation in a file of its own, which says up to which line of the log it goes: what a kill kept from it is read there.
 */
export class InstallSizes {
  readonly #path: string
  readonly #log: Logger
  readonly #sizes: Map<number, InstallSizeBody>
  #lastChangeId: string | null
  #unsavedLines = 0
  #saving: Promise<void> = Promise.resolve()
  #problem = ''

  private constructor(path: string, log: Logger, { last_change_id, containers }: Saved) {
    this.#path = path
    this.#log = log
    this.#lastChangeId = last_change_id
    this.#sizes = new Map(containers.map(size => [size.lxc_id, size]))
  }

  /** To be told with `catchUp` what the file lacks. */
  static async open(directory: string, log: Logger): Promise<InstallSizes> {
    await removeTemporaries(directory, name => name === FILE)
    const path = join(directory, FILE)
    return new InstallSizes(path, log, readSaved(path, log))
  }

  /** By the number of the container. */
  all(): readonly InstallSizeBody[] {
    return [...this.#sizes.values()].sort((a, b) => a.lxc_id - b.lxc_id)
  }

  get(vmid: number): InstallSizeBody | undefined {
    return this.#sizes.get(vmid)
  }

  /** To be told of each change whose line is on the disk, in the order of the log. */
  note(entry: HistoryEntryBody): void {
    const isAnother = anotherSince(entry)
    const had = isAnother !== undefined && this.#sizes.delete(isAnother)
    const size = this.#sizes.has(entry.lxc_id) ? undefined : sizeBefore(entry)
    if (size !== undefined) this.#sizes.set(size.lxc_id, size)
    this.#lastChangeId = entry.id
    this.#unsavedLines++
    if (had || size !== undefined || this.#unsavedLines >= LINES_PER_SAVE) this.#save()
  }

  /** Forgets those that are no more, so that another one with the same number begins anew. */
  forgetGone(isThere: (vmid: number) => boolean): void {
    const gone = [...this.#sizes.keys()].filter(vmid => !isThere(vmid))
    for (const vmid of gone) this.#sizes.delete(vmid)
    if (gone.length > 0) this.#save()
  }

  async close(): Promise<void> {
    if (this.#unsavedLines > 0) this.#save()
    await this.#saving
  }

  /**
   * Reads of the changes of the audit log those that the file does not hold: from the newest to the older ones, so that none
   * but the sizes is kept in memory. Of two the older counts.
   */
  async catchUp(newestFirst: AsyncIterable<HistoryEntryBody>): Promise<void> {
    const found = new Map<number, InstallSizeBody>()
    const reborn = new Set<number>()
    let newestId: string | undefined
    for await (const entry of newestFirst) {
      if (entry.id === this.#lastChangeId) break
      newestId ??= entry.id
      const size = reborn.has(entry.lxc_id) ? undefined : sizeBefore(entry)
      if (size !== undefined) found.set(size.lxc_id, size)
      const another = anotherSince(entry)
      if (another !== undefined) reborn.add(another)
    }
    if (newestId === undefined) return
    for (const vmid of reborn) this.#sizes.delete(vmid)
    for (const [vmid, size] of found) if (!this.#sizes.has(vmid)) this.#sizes.set(vmid, size)
    this.#lastChangeId = newestId
    this.#save()
    await this.#saving
  }

  /** One after the other, each with what is known when its turn comes. Never rejects: the log tells what the file lacks. */
  #save(): void {
    this.#unsavedLines = 0
    this.#saving = this.#saving.then(async () => {
      const saved: Saved = { version: 1, last_change_id: this.#lastChangeId, containers: [...this.all()] }
      try {
        await replaceFile(this.#path, `${JSON.stringify(saved)}\n`)
        this.#problem = ''
      } catch (error) {
        const problem = errorMessage(error)
        if (problem !== this.#problem) {
          this.#log.error({ file: this.#path, problem }, 'the sizes before the first changes cannot be saved')
        }
        this.#problem = problem
      }
    })
  }
}

const NOTHING_SAVED: Saved = { version: 1, last_change_id: null, containers: [] }

/** A damaged file counts as none: the audit log still holds what was not rotated away. */
function readSaved(path: string, log: Logger): Saved {
  let problem: string
  try {
    const parsed = Saved.safeParse(parseJson(readRegularFile(path, MOST_BYTES)))
    if (parsed.success) return parsed.data
    problem = z.prettifyError(parsed.error)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return NOTHING_SAVED
    if (!(error instanceof AutoscaleError) && systemErrorCode(error) === undefined) throw error
    problem = errorMessage(error)
  }
  log.warn({ file: path, problem }, 'the sizes before the first changes are read from the audit log anew')
  return NOTHING_SAVED
}

/** What a change of the model found; undefined when it moved nothing, or is of somebody else. */
export function sizeBefore(entry: HistoryEntryBody): InstallSizeBody | undefined {
  if (!isDecidedByModel(entry) || !isBegun(entry.outcome)) return undefined
  const { data: before } = AllocationBody.safeParse(entry.before)
  const { data: after } = AllocationBody.safeParse(entry.after)
  if (before === undefined || JSON.stringify(before) === JSON.stringify(after)) return undefined
  const { lxc_id, name, time, id: change_id, overwritten } = entry
  // Who set what was overwritten set it before the model did.
  return { ...(overwritten ?? before), lxc_id, name, time, change_id }
}
