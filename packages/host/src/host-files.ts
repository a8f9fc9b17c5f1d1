import { closeSync, openSync, readSync } from 'node:fs'
import { systemErrorCode } from '@lxc-autoscale/core'
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

/** What went wrong with a file. */
export interface FileFailure {
  readonly path: string
  /** `ENOENT`, ..., or `MALFORMED` when the content made no sense. */
  readonly code: string
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
 * Reads the files of the kernel. Files are kept open and read again in place, synchronously: that is several times
 * cheaper than opening them, and a kernel file does not block. Failures are counted here.
 */
export class HostFiles {
  /** The one text that all reads give, so that a read makes no garbage. */
  readonly #text = { bytes: new Uint8Array(FIRST_BUFFER_BYTES), length: 0 }
  readonly #mostOpen: number
  readonly #calls: FileCalls
  #open = 0
  #failures = 0
  #lastAbsence: Absence | undefined
  #lastFailure: FileFailure | undefined

  /** `mostOpen`: how many files are kept open; those beyond it are opened for each read. */
  constructor(mostOpen = Number.POSITIVE_INFINITY, calls = SYSTEM_CALLS) {
    this.#mostOpen = mostOpen
    this.#calls = calls
  }

  /** Reads that failed so far. */
  get failures(): number {
    return this.#failures
  }

  get lastFailure(): FileFailure | undefined {
    return this.#lastFailure
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
    let fd: number
    try {
      fd = this.#calls.open(path)
    } catch (error) {
      this.#note(path, error, options)
      return undefined
    }
    try {
      return this.readFrom(fd, { path }, parse, options)
    } finally {
      this.#calls.close(fd)
    }
  }

  /** For KernelFile: opens for keeping. Undefined when it failed or no more files may be kept. */
  openKept(path: string, options: FileOptions): number | undefined {
    if (this.#open >= this.#mostOpen) return undefined
    try {
      const fd = this.#calls.open(path)
      this.#open++
      return fd
    } catch (error) {
      this.#note(path, error, options)
      return undefined
    }
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
      text = options.isList === true ? this.#readList(fd) : this.#readWhole(fd)
    } catch (error) {
      this.#note(named.path, error, options)
      return undefined
    }
    const value = parse(text)
    if (value === undefined) this.noteFailure(named.path, 'MALFORMED')
    return value
  }

  /** Counts a figure that could not be read for another reason than a failed call. */
  noteFailure(path: string, code: string): void {
    this.#failures++
    this.#lastAbsence = undefined
    this.#lastFailure = { path, code }
  }

  #note(path: string, error: unknown, { isOptional }: FileOptions): void {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    this.#lastAbsence = isOptional === true ? ABSENCES[code] : undefined
    if (this.#lastAbsence === undefined) this.noteFailure(path, code)
  }

  #readWhole(fd: number): KernelText {
    const text = this.#text
    for (;;) {
      text.length = this.#calls.read(fd, text.bytes, 0, 0)
      if (text.length < text.bytes.length) return text
      this.#grow()
    }
  }

  #readList(fd: number): KernelText {
    const text = this.#text
    text.length = 0
    for (;;) {
      if (text.length === text.bytes.length) this.#grow()
      const piece = this.#calls.read(fd, text.bytes, text.length, text.length)
      text.length += piece
      if (piece < CERTAINLY_LAST_PIECE_BYTES) return text
    }
  }

  #grow(): void {
    const larger = new Uint8Array(this.#text.bytes.length * 2)
    larger.set(this.#text.bytes)
    this.#text.bytes = larger
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
