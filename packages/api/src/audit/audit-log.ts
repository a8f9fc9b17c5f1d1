import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AutoscaleError, errorMessage, HistoryEntryBody, replaceFile } from '@lxc-autoscale/core'
import type { z } from 'zod'
import { linesBackwards } from '../host/lines-backwards.ts'
import { parseJson } from '../json-object.ts'
import { AppendFile } from './append-file.ts'

export interface AuditLogOptions {
  /** Is made when it is not there. */
  readonly directory: string
  readonly maxBytes: number
  readonly backupCount: number
}

/** A change that has begun and of which nothing else is known. */
const BegunChange = HistoryEntryBody.omit({
  duration_seconds: true,
  after: true,
  outcome: true,
  error: true,
  message: true,
  warning: true,
  count: true,
  overwritten: true,
})
export type BegunChange = z.output<typeof BegunChange>

const FILE = 'audit.jsonl'
const BEGUN = 'begun'

/**
 * What was asked to be changed, and what came of it: one JSON line each. A change that has begun has a file of its own
 * until its line is written, so that one that was interrupted is found at the next start.
 */
export class AuditLog {
  readonly #directory: string
  readonly #file: AppendFile
  readonly #options: AuditLogOptions

  private constructor(options: AuditLogOptions, file: AppendFile) {
    this.#directory = options.directory
    this.#file = file
    this.#options = options
  }

  /** @throws {AutoscaleError} AUDIT_UNAVAILABLE */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const { directory, maxBytes, backupCount } = options
    return orUnavailable(directory, async () => {
      await mkdir(join(directory, BEGUN), { recursive: true, mode: 0o750 })
      await removeUnfinished(join(directory, BEGUN))
      const file = await AppendFile.open({ path: join(directory, FILE), maxBytes, backupCount })
      return new AuditLog(options, file)
    })
  }

  /** Notes that a change is about to be made. @throws {AutoscaleError} AUDIT_UNAVAILABLE: then it must not be made. */
  async begin(change: BegunChange): Promise<void> {
    await orUnavailable(this.#directory, () => replaceFile(this.#begunPath(change.id), `${JSON.stringify(change)}\n`))
  }

  /** Writes the line of a change that is over. It is on the disk afterwards. @throws {AutoscaleError} AUDIT_UNAVAILABLE */
  async end(entry: HistoryEntryBody): Promise<void> {
    await orUnavailable(this.#directory, async () => {
      await this.#file.append(JSON.stringify(entry))
      await rm(this.#begunPath(entry.id), { force: true })
    })
  }

  /** The changes that were begun and never ended, oldest first. */
  async interrupted(): Promise<BegunChange[]> {
    const names = await readdir(join(this.#directory, BEGUN))
    const changes: BegunChange[] = []
    for (const name of names.filter(name => name.endsWith('.json'))) {
      const text = await readFile(join(this.#directory, BEGUN, name), 'utf8')
      const change = BegunChange.safeParse(parseJson(text)).data
      if (change !== undefined) changes.push(change)
    }
    return changes.sort((a, b) => a.time.localeCompare(b.time))
  }

  /** The entries, newest first. */
  async *newestFirst(): AsyncGenerator<HistoryEntryBody> {
    const path = join(this.#directory, FILE)
    for (let number = 0; number <= this.#options.backupCount; number++) {
      for await (const line of linesBackwards(number === 0 ? path : `${path}.${number}`)) {
        const entry = HistoryEntryBody.safeParse(parseJson(line)).data
        if (entry !== undefined) yield entry
      }
    }
  }

  /** The entry of a change; undefined when there is none. */
  async find(id: string): Promise<HistoryEntryBody | undefined> {
    for await (const entry of this.newestFirst()) if (entry.id === id) return entry
    return undefined
  }

  /** Proves that the log can be written: makes, syncs and removes a file beside it. @throws {AutoscaleError} AUDIT_UNAVAILABLE */
  async probe(): Promise<void> {
    const path = join(this.#directory, 'probe')
    await orUnavailable(this.#directory, async () => {
      await replaceFile(path, 'written to see whether the audit log can be written\n')
      await rm(path, { force: true })
    })
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #begunPath(id: string): string {
    return join(this.#directory, BEGUN, `${id}.json`)
  }
}

/** A note that was being written when the daemon was killed is of a change that had not begun. */
async function removeUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory)
  await Promise.all(names.filter(name => name.endsWith('.tmp')).map(name => rm(join(directory, name), { force: true })))
}

async function orUnavailable<Result>(directory: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write()
  } catch (error) {
    throw new AutoscaleError('AUDIT_UNAVAILABLE', `${directory}: cannot be written: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}
