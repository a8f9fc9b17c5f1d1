import * as realFiles from 'node:fs/promises'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  AutoscaleError,
  type Clock,
  errorMessage,
  type HistoryEntryBody,
  type InstallSizeBody,
  type Logger,
  MS_PER_DAY,
  MS_PER_HOUR,
  parseJson,
  syncDirectory,
} from '@lxc-autoscale/core'
import { linesBackwards } from '../host/lines-backwards.ts'
import { AppendFile, type LineFiles } from './append-file.ts'
import { AuditEntry, type BegunChange } from './audit-entry.ts'
import { BegunNotes } from './begun-notes.ts'
import { InstallSizes } from './install-sizes.ts'
import { KeyedChanges, MAX_KEYED_CHANGES } from './keyed-changes.ts'
import { NewestChanges } from './newest-changes.ts'
import { NotMadeLog } from './not-made-log.ts'
import { ShortIds } from './short-ids.ts'
import { WeekSizes } from './week-sizes.ts'

export interface AuditLogOptions {
  /** Is made when it is not there. */
  readonly directory: string
  readonly maxBytes: number
  readonly backupCount: number
  /** How long a change is not made again for its Idempotency-Key. */
  readonly keptHours: number
  readonly clock: Clock
  readonly log: Logger
  readonly files?: LineFiles
}

interface AuditFiles {
  readonly file: AppendFile
  readonly notes: BegunNotes
  readonly notMade: NotMadeLog
  readonly installSizes: InstallSizes
}

const FILE = 'audit.jsonl'
const BEGUN = 'begun'
const NOT_MADE = { name: 'not-made.jsonl', maxBytes: 1_048_576, backupCount: 3 } as const
/** Every line begins with its number; what is no entry has none. */
const ID_IN_LINE = /^\{"id":"([^"]{1,64})"/
/** The first member of that name is the entry's own: what stands before it holds none. */
const TIME_IN_LINE = /"time":"([^"]{1,64})"/
/** Where earlier versions kept the answers to repeated requests; the lines of the log hold what is needed now. */
const FORMER_FILES = ['answers.jsonl', 'answers.jsonl.1', 'probe'] as const

const WEEK_MS = 7 * MS_PER_DAY
/** Lines stand in the order in which changes ended, so an older one may stand behind one that took long. */
const LONGEST_CHANGE_MS = MS_PER_DAY
/** So many lines in a row that are too old are the end: fewer may be of a time when the clock was wrong. */
const OLD_LINES = 1_000

/**
 * What was begun to be changed, and what came of it: one JSON line each, which is the truth. A change that has begun has a
 * note of its own until its line is on the disk, so that one that was interrupted is found at the next start.
 */
export class AuditLog {
  readonly installSizes: InstallSizes
  readonly #options: AuditLogOptions
  readonly #file: AppendFile
  readonly #notes: BegunNotes
  readonly #notMade: NotMadeLog
  readonly #keyed: KeyedChanges
  /** The newest change of the allocation of each container; undefined until somebody asks for them. */
  #newest: NewestChanges | undefined
  /** What each container had a week ago; undefined until somebody asks for it. */
  #week: WeekSizes | undefined
  readonly #listeners = new Set<(entry: HistoryEntryBody) => void>()
  /** Lines that could not be written; nothing is begun before they are. */
  #owed: AuditEntry[] = []

  private constructor(options: AuditLogOptions, { file, notes, notMade, installSizes }: AuditFiles) {
    this.installSizes = installSizes
    this.#options = options
    this.#file = file
    this.#notes = notes
    this.#notMade = notMade
    this.#keyed = new KeyedChanges(options.clock, options.keptHours * MS_PER_HOUR)
  }

  /** @throws {AutoscaleError} AUDIT_UNAVAILABLE */
  static open(options: AuditLogOptions): Promise<AuditLog> {
    const { directory, files = realFiles, clock, log } = options
    const lines = ({ name, ...bounds }: { name: string; maxBytes: number; backupCount: number }) =>
      AppendFile.open({ path: join(directory, name), ...bounds, files, log })
    return orUnavailable(directory, async () => {
      const made = await mkdir(directory, { recursive: true, mode: 0o750 })
      if (made !== undefined) await syncDirectory(dirname(made), files.open)
      const notes = await BegunNotes.open(join(directory, BEGUN), files)
      const file = await lines({ ...options, name: FILE })
      const notMade = new NotMadeLog({ file: await lines(NOT_MADE), clock, log })
      const installSizes = await InstallSizes.open(directory, log)
      const audit = new AuditLog(options, { file, notes, notMade, installSizes })
      await audit.#remember()
      await installSizes.catchUp(audit.newestFirst())
      // What cannot be removed is in nobody's way.
      for (const name of FORMER_FILES) await rm(join(directory, name), { force: true }).catch(() => undefined)
      return audit
    })
  }

  /** Notes that a change is about to be made. @throws {AutoscaleError} AUDIT_UNAVAILABLE: then it must not be made. */
  async begin(change: BegunChange): Promise<void> {
    await orUnavailable(this.#options.directory, async () => {
      await this.#prepare()
      await this.#notes.write(change)
    })
    this.#keyed.remember(change)
  }

  /**
   * Writes the line of a change that was begun and is over. It is on the disk afterwards.
   * @throws {AutoscaleError} AUDIT_UNAVAILABLE: then it is written as soon as it can be, and nothing is begun before.
   */
  async end(entry: AuditEntry): Promise<void> {
    this.#keyed.remember(entry)
    await orUnavailable(this.#options.directory, () => this.#write(entry))
  }

  /** Notes a request that changed nothing; gives the number of the entry that stands for it. Never rejects. */
  notMade(entry: HistoryEntryBody): Promise<string> {
    return this.#notMade.note(entry)
  }

  /** The change that was begun for an Idempotency-Key of `caller`, so that it must not be made again. */
  begunFor(caller: string, key: string): BegunChange | AuditEntry | undefined {
    return this.#keyed.find(caller, key)
  }

  /** The changes that were begun and never ended, oldest first. */
  interrupted(): Promise<BegunChange[]> {
    return this.#notes.all(this.#options.log)
  }

  /** The changes that were begun and are over, newest first; not before `sinceMs`. */
  async *newestFirst(sinceMs?: number): AsyncGenerator<HistoryEntryBody> {
    for await (const { repeat, ...entry } of this.#entries(sinceMs)) yield entry
  }

  /** As `newestFirst`, those of one container; the lines of others are not looked into. */
  async *newestOf(vmid: number, sinceMs: number): AsyncGenerator<HistoryEntryBody> {
    for await (const { repeat, ...entry } of this.#entries(sinceMs, `"lxc_id":${vmid}`)) {
      if (entry.lxc_id === vmid) yield entry
    }
  }

  /** The requests that changed nothing, newest first; not before `sinceMs`, and without those that are being counted. */
  notMadeNewestFirst(sinceMs?: number): AsyncIterable<HistoryEntryBody> {
    return this.#linesOf(NOT_MADE, sinceMs)
  }

  /** The requests that changed nothing and are being counted together. */
  counting(): readonly HistoryEntryBody[] {
    return this.#notMade.counting()
  }

  /** The entry of a change; undefined when there is none. */
  async find(id: string): Promise<HistoryEntryBody | undefined> {
    for await (const entry of this.#everything()) if (entry.id === id) return entry
    return undefined
  }

  /** At most `most` of the entries that `isAsked` and whose number begins with `start`. */
  async findByStart(
    start: string,
    most: number,
    isAsked: (entry: HistoryEntryBody) => boolean,
  ): Promise<HistoryEntryBody[]> {
    const found: HistoryEntryBody[] = []
    for await (const entry of this.#everything()) {
      if (entry.id.startsWith(start) && isAsked(entry)) found.push(entry)
      if (found.length >= most) break
    }
    return found
  }

  /** The newest change of the allocation of each container. The log is read through for it once. */
  async newestOfEach(): Promise<readonly HistoryEntryBody[]> {
    this.#newest ??= new NewestChanges(this.newestFirst())
    return this.#newest.all()
  }

  /** What each container had before the first change that the model made to it within a week. The log is read for it once. */
  weekSizes(): Promise<readonly InstallSizeBody[]> {
    const nowMs = this.#options.clock.nowMs()
    this.#week ??= new WeekSizes(this.newestFirst(nowMs - WEEK_MS))
    return this.#week.since(nowMs - WEEK_MS)
  }

  /** Tells `listener` of each change whose line is on the disk from now on, until what it gives is called. */
  subscribe(listener: (entry: HistoryEntryBody) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** For each of `ids` its beginning that no other entry has. */
  async shortIds(ids: readonly string[]): Promise<Record<string, string>> {
    const known = new ShortIds(ids)
    for (const { name, backupCount } of [{ ...this.#options, name: FILE }, NOT_MADE]) {
      for await (const line of this.#rawLines(name, backupCount)) known.meet(ID_IN_LINE.exec(line)?.[1] ?? '')
    }
    for (const { id } of [...this.#owed, ...this.counting()]) known.meet(id)
    return known.all()
  }

  async *#everything(): AsyncGenerator<HistoryEntryBody> {
    yield* this.newestFirst()
    yield* this.notMadeNewestFirst()
    yield* this.counting()
  }

  /** Proves that a change could be begun; gives what is not as it should be all the same. @throws {AutoscaleError} AUDIT_UNAVAILABLE */
  async probe(): Promise<string | undefined> {
    await orUnavailable(this.#options.directory, async () => {
      await this.#prepare()
      await this.#notes.probe()
    })
    return this.#file.notice
  }

  async close(): Promise<void> {
    await Promise.all([this.#file.close(), this.#notMade.close(), this.installSizes.close()])
  }

  /** Rejects with the system's error when the line of a change that ended now could not be written. */
  async #prepare(): Promise<void> {
    await this.#notMade.settle()
    await Promise.all(this.#owed.splice(0).map(entry => this.#write(entry)))
    await this.#file.ready()
  }

  /** First the line, then the note: killed in between, the next start finds the line and knows that the note is done with. */
  async #write(entry: AuditEntry): Promise<void> {
    try {
      await this.#file.append(JSON.stringify(entry))
    } catch (error) {
      this.#owed.push(entry)
      throw error
    }
    this.installSizes.note(entry)
    this.#newest?.note(entry)
    this.#week?.note(entry)
    const { repeat, ...told } = entry
    for (const listener of this.#listeners) listener(told)
    await this.#notes.remove(entry.id)
  }

  /** Learns from the log which keys were used, and which notes have their line already. */
  async #remember(): Promise<void> {
    const notes = await this.interrupted()
    const open = new Map(notes.map(note => [note.id, note]))
    const keyed: AuditEntry[] = []
    const oldestMs = this.#options.clock.nowMs() - this.#options.keptHours * MS_PER_HOUR
    const sinceMs = Math.min(oldestMs, ...notes.map(({ time }) => Date.parse(time)))
    for await (const entry of this.#entries(sinceMs)) {
      if (open.delete(entry.id)) await this.#notes.remove(entry.id)
      const isKept = entry.idempotency_key !== null && !this.#keyed.isOver(entry)
      if (isKept && keyed.length < MAX_KEYED_CHANGES) keyed.push(entry)
    }
    for (const change of [...keyed.reverse(), ...open.values()]) this.#keyed.remember(change)
  }

  async *#entries(sinceMs: number | undefined, mark = ''): AsyncGenerator<AuditEntry> {
    yield* [...this.#owed].reverse()
    yield* this.#linesOf({ ...this.#options, name: FILE }, sinceMs, mark)
  }

  async *#linesOf(
    { name, backupCount }: { readonly name: string; readonly backupCount: number },
    sinceMs = Number.NEGATIVE_INFINITY,
    mark = '',
  ): AsyncGenerator<AuditEntry> {
    let oldLines = 0
    for await (const line of this.#rawLines(name, backupCount)) {
      const entry = line.includes(mark) ? AuditEntry.safeParse(parseJson(line)).data : undefined
      const timeMs = Date.parse(entry?.time ?? TIME_IN_LINE.exec(line)?.[1] ?? '')
      if (Number.isNaN(timeMs)) continue
      oldLines = timeMs < sinceMs - LONGEST_CHANGE_MS ? oldLines + 1 : 0
      if (oldLines > OLD_LINES) return
      if (entry !== undefined) yield entry
    }
  }

  /** One file more than are kept may be there for a moment, while the oldest goes. */
  async *#rawLines(name: string, backupCount: number): AsyncGenerator<string> {
    const path = join(this.#options.directory, name)
    for (let number = 0; number <= backupCount + 1; number++) {
      yield* linesBackwards(number === 0 ? path : `${path}.${number}`)
    }
  }
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
