import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { AutoscaleError, errorMessage, systemErrorCode } from '@lxc-autoscale/core'
import type { KernelText, Parse } from './kernel-text.ts'

const FIRST_BUFFER_BYTES = 65_536
/**
 * A list of records (cgroup.procs, net/dev, net/unix) comes in pieces of at most one page, each filled up to the last
 * record that fits. A piece that leaves half a page free was the last one. Source: Linux, fs/seq_file.c, seq_read_iter.
 */
const CERTAINLY_LAST_PIECE_BYTES = 2_048

/** Why an optional file has nothing to say: it (or its cgroup) is not there, or not supported by the kernel or the cgroup. */
export type Absence = 'gone' | 'unsupported'

const ABSENCES: Readonly<Record<string, Absence>> = {
  ENOENT: 'gone',
  ENODEV: 'gone',
  EOPNOTSUPP: 'unsupported',
  ENOTSUP: 'unsupported',
}

/** What the kernel says when a file, or the process or cgroup behind it, is not there (any more). */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ESRCH'])

/** Why a figure is not known: it could not be read, what was read made no sense, or it cannot be true (see bounds.ts). */
export const FAILURE_REASONS = ['unreadable', 'malformed', 'implausible'] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** What went wrong with a file. */
export interface FileFailure {
  readonly path: string
  readonly reason: FailureReason
  /** Of an unreadable one: `ENOENT`, ... */
  readonly code?: string
  /** Of an implausible one: what it said, and the most that can be true. */
  readonly value?: number
  readonly most?: number
}

/** How many failures of one kind there were so far, and the last one. */
interface FailureTally {
  count: number
  last: FileFailure | undefined
}

/** What kind of file it is. */
export interface FileOptions {
  readonly isOptional?: boolean
  readonly isList?: boolean
}

/** A file that may be missing, or refused, without anything being wrong. */
export const OPTIONAL: FileOptions = { isOptional: true }
/** A list of records that may be longer than a page. */
export const LIST: FileOptions = { isList: true }
export const OPTIONAL_LIST: FileOptions = { isOptional: true, isList: true }
const REQUIRED: FileOptions = {}

/** The calls of the operating system that reading needs. */
export interface FileCalls {
  open(path: string): number
  /** Reads from `position` into `buffer` at `offset`; gives the number of bytes, 0 at the end. */
  read(fd: number, buffer: Uint8Array, offset: number, position: number): number
  close(fd: number): void
}

const SYSTEM_CALLS: FileCalls = {
  open: path => openSync(path, 'r'),
  read: (fd, buffer, offset, position) => readSync(fd, buffer, offset, buffer.length - offset, position),
  close: closeSync,
}

/**
 * Reads the files of the kernel and of Proxmox. Files that are read in each cycle are kept open and read again in place,
 * synchronously: that is several times cheaper than opening them, and they live in memory. What could not be known is
 * counted here.
 */
export class HostFiles {
  /** The one text that all reads give, so that a read makes no garbage. */
  readonly #text = { bytes: new Uint8Array(FIRST_BUFFER_BYTES), length: 0 }
  readonly #mostOpen: number
  readonly #calls: FileCalls
  #open = 0
  #failures = 0
  readonly #tallies: Readonly<Record<FailureReason, FailureTally>> = {
    unreadable: { count: 0, last: undefined },
    malformed: { count: 0, last: undefined },
    implausible: { count: 0, last: undefined },
  }
  #lastAbsence: Absence | undefined

  /** `mostOpen`: how many files are kept open; those beyond it are opened for each read. */
  constructor(mostOpen = Number.POSITIVE_INFINITY, calls = SYSTEM_CALLS) {
    this.#mostOpen = mostOpen
    this.#calls = calls
  }

  /** Figures that were not known, so far. */
  get failures(): number {
    return this.#failures
  }

  /** Those of them for one reason. */
  failuresBy(reason: FailureReason): Readonly<FailureTally> {
    return this.#tallies[reason]
  }

  /** For KernelFile: why the last read gave nothing, when that was no failure. */
  get lastAbsence(): Absence | undefined {
    return this.#lastAbsence
  }

  /** Files kept open at the moment. */
  get openFiles(): number {
    return this.#open
  }

  /** A file that is opened at its first read and kept open. */
  file(folder: string, name: string, options: FileOptions = REQUIRED): KernelFile {
    return new KernelFile(this, folder, name, options)
  }

  /**
   * The value of a file that is not kept open: an open file of `/proc/<pid>/net` would keep the network of a stopped
   * container alive.
   */
  readOnce<Value>(path: string, parse: Parse<Value>, options: FileOptions = REQUIRED): Value | undefined {
    const fd = this.#tryOpen(path, options)
    if (fd === undefined) return undefined
    try {
      return this.readFrom(fd, { path }, parse, options)
    } finally {
      this.#calls.close(fd)
    }
  }

  /** For KernelFile: opens for keeping, unless `isFull`. Undefined when it failed. */
  openKept(path: string, options: FileOptions): number | undefined {
    const fd = this.#tryOpen(path, options)
    if (fd !== undefined) this.#open++
    return fd
  }

  get isFull(): boolean {
    return this.#open >= this.#mostOpen
  }

  /** For KernelFile: closes what `openKept` gave. */
  closeKept(fd: number): void {
    this.#open--
    this.#calls.close(fd)
  }

  /** Reads an open file from its beginning and parses it. */
  readFrom<Value>(
    fd: number,
    named: { readonly path: string },
    parse: Parse<Value>,
    options: FileOptions,
  ): Value | undefined {
    let text: KernelText
    try {
      text = options.isList === true ? this.#readPieces(fd, CERTAINLY_LAST_PIECE_BYTES) : this.#readWhole(fd)
    } catch (error) {
      this.#note(named.path, error, options)
      return undefined
    }
    const value = parse(text)
    if (value === undefined) this.noteFailure({ path: named.path, reason: 'malformed' })
    return value
  }

  /** Counts a figure that is not known, for another reason than a failed call. */
  noteFailure(failure: FileFailure): void {
    this.#failures++
    this.#lastAbsence = undefined
    const tally = this.#tallies[failure.reason]
    tally.count++
    tally.last = failure
  }

  /** `value`, unless it is above `most`: then it cannot be true, which is counted, and is not known. */
  within(value: number | undefined, most: number, named: { readonly path: string }): number | undefined {
    if (value === undefined || value <= most) return value
    this.noteFailure({ path: named.path, reason: 'implausible', value, most })
    return undefined
  }

  /**
   * The text of a file of any length and kind; undefined when it is not there.
   * @throws {AutoscaleError} HOST_UNREADABLE when it is there and cannot be read.
   */
  readText(path: string): string | undefined {
    return this.readBytes(path)?.toString('utf8')
  }

  /** The same as it stands, for who must know each byte. More than `mostBytes` cannot be read. */
  readBytes(path: string, mostBytes = Number.POSITIVE_INFINITY): Buffer | undefined {
    return orNotThere(path, () => {
      const fd = this.#calls.open(path)
      try {
        const { bytes, length } = this.#readPieces(fd, 1, mostBytes)
        return Buffer.from(bytes.subarray(0, length))
      } finally {
        this.#calls.close(fd)
      }
    })
  }

  /**
   * The names in a directory; undefined when it is not there.
   * @throws {AutoscaleError} HOST_UNREADABLE when it is there and cannot be read.
   */
  list(path: string): readonly string[] | undefined {
    return orNotThere(path, () => readdirSync(path))
  }

  /** The inode of a file or directory; undefined when it is not there. @throws {AutoscaleError} HOST_UNREADABLE */
  inode(path: string): number | undefined {
    return orNotThere(path, () => statSync(path).ino)
  }

  #tryOpen(path: string, options: FileOptions): number | undefined {
    try {
      return this.#calls.open(path)
    } catch (error) {
      this.#note(path, error, options)
      return undefined
    }
  }

  #note(path: string, error: unknown, { isOptional }: FileOptions): void {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    this.#lastAbsence = isOptional === true ? ABSENCES[code] : undefined
    if (this.#lastAbsence === undefined) this.noteFailure({ path, reason: 'unreadable', code })
  }

  #readWhole(fd: number): KernelText {
    const text = this.#text
    for (;;) {
      text.length = this.#calls.read(fd, text.bytes, 0, 0)
      if (text.length < text.bytes.length) return text
      this.#grow()
    }
  }

  /** Piece by piece, up to one of less than `lastBytes`. */
  #readPieces(fd: number, lastBytes: number, mostBytes = Number.POSITIVE_INFINITY): KernelText {
    const text = this.#text
    text.length = 0
    for (;;) {
      if (text.length === text.bytes.length) this.#grow()
      const piece = this.#calls.read(fd, text.bytes, text.length, text.length)
      text.length += piece
      if (text.length > mostBytes) throw new Error(`has more than ${mostBytes} bytes`)
      if (piece < lastBytes) return text
    }
  }

  #grow(): void {
    const larger = new Uint8Array(this.#text.bytes.length * 2)
    larger.set(this.#text.bytes)
    this.#text.bytes = larger
  }
}

function orNotThere<Value>(path: string, read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    const code = systemErrorCode(error)
    if (code !== undefined && NOT_THERE.has(code)) return undefined
    throw new AutoscaleError('HOST_UNREADABLE', `${path}: ${errorMessage(error)}`, { cause: error })
  }
}

/** One file of the kernel, kept open between reads. */
export class KernelFile {
  readonly #files: HostFiles
  readonly #folder: string
  readonly #name: string
  readonly #options: FileOptions
  #fd: number | undefined
  #absence: Absence | undefined

  constructor(files: HostFiles, folder: string, name: string, options: FileOptions) {
    this.#files = files
    this.#folder = folder
    this.#name = name
    this.#options = options
  }

  get path(): string {
    return `${this.#folder}/${this.#name}`
  }

  get folder(): string {
    return this.#folder
  }

  /** Why this optional file is not looked for again; undefined as long as it can be read, or failed in another way. */
  get absence(): Absence | undefined {
    return this.#absence
  }

  /** What the file says now; undefined when it cannot be read or makes no sense, which is counted unless it is optional. */
  read<Value>(parse: Parse<Value>): Value | undefined {
    if (this.#absence !== undefined) return undefined
    const value = this.#readOpen(parse)
    if (value === undefined) {
      this.close()
      this.#absence = this.#files.lastAbsence
    }
    return value
  }

  /** Lets go of the file; the next read opens it again. */
  close(): void {
    if (this.#fd !== undefined) this.#files.closeKept(this.#fd)
    this.#fd = undefined
  }

  #readOpen<Value>(parse: Parse<Value>): Value | undefined {
    if (this.#fd === undefined) {
      if (this.#files.isFull) return this.#files.readOnce(this.path, parse, this.#options)
      this.#fd = this.#files.openKept(this.path, this.#options)
    }
    return this.#fd === undefined ? undefined : this.#files.readFrom(this.#fd, this, parse, this.#options)
  }
}
