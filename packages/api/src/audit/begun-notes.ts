import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Logger, parseJson, syncDirectory, systemErrorCode } from '@lxc-autoscale/core'
import type { LineFiles } from './append-file.ts'
import { BegunChange } from './audit-entry.ts'

/** A file for each change that has begun and has no line in the audit log yet. */
export class BegunNotes {
  readonly #directory: string
  readonly #files: LineFiles

  private constructor(directory: string, files: LineFiles) {
    this.#directory = directory
    this.#files = files
  }

  /** Makes the folder when it is not there. Rejects with the system's error. */
  static async open(directory: string, files: LineFiles): Promise<BegunNotes> {
    await mkdir(directory, { recursive: true, mode: 0o750 })
    await syncDirectory(dirname(directory), files.open)
    return new BegunNotes(directory, files)
  }

  /** Notes a change; the note is on the disk afterwards. Rejects with the system's error, and then leaves none. */
  async write(change: BegunChange): Promise<void> {
    await this.#write(this.#path(change.id), `${JSON.stringify(change)}\n`)
  }

  /** Never rejects: a note that stays beside the line of its change is known at the next start by that line. */
  async remove(id: string): Promise<void> {
    await this.#files.rm(this.#path(id), { force: true }).catch(() => undefined)
  }

  /** Proves that a note can be written. Rejects with the system's error. */
  async probe(): Promise<void> {
    const path = join(this.#directory, `${randomUUID()}.probe`)
    await this.#write(path, 'written to see whether a change could be noted\n')
    await this.#files.rm(path, { force: true })
  }

  /** The changes that are noted, oldest first. */
  async all(log: Logger): Promise<BegunChange[]> {
    const changes: BegunChange[] = []
    for (const name of await readdir(this.#directory)) {
      const file = join(this.#directory, name)
      // One that cannot be read is no reason not to look at the others.
      const text = await readFile(file, 'utf8').catch(() => undefined)
      const change = BegunChange.safeParse(parseJson(text ?? '')).data
      if (change !== undefined) changes.push(change)
      // Of a probe, of an earlier version, or of a change that had not begun: its note was just being written.
      else if (isLeftover(name, text)) await this.#files.rm(file, { force: true })
      else log.error({ file }, 'the note of an interrupted change is damaged; nothing else tells of that change')
    }
    return changes.sort((a, b) => a.time.localeCompare(b.time))
  }

  async #write(path: string, text: string): Promise<void> {
    const handle = await this.#create(path)
    try {
      try {
        await handle.appendFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await syncDirectory(this.#directory, this.#files.open)
    } catch (error) {
      await this.#files.rm(path, { force: true }).catch(() => undefined)
      throw error
    }
  }

  /** Makes the folder again when somebody removed it. */
  async #create(path: string) {
    try {
      return await this.#files.open(path, NEW_FILE, 0o640)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      await mkdir(this.#directory, { mode: 0o750 })
      await syncDirectory(dirname(this.#directory), this.#files.open)
      return this.#files.open(path, NEW_FILE, 0o640)
    }
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`)
  }
}

function isLeftover(name: string, text: string | undefined): boolean {
  return text !== undefined && (!name.endsWith('.json') || !text.endsWith('\n'))
}

const NEW_FILE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
