import type { FileHandle } from 'node:fs/promises'
import * as systemFiles from 'node:fs/promises'
import { AutoscaleError, behindLinks, errorMessage, type Logger, systemErrorCode } from '@lxc-autoscale/core'
import type { AppendOutcome, CycleStore } from '../ports.ts'
import { EMPTY_TAIL, HEAD, SEPARATOR, TAIL } from './file-layout.ts'
import {
  type HistoryFiles,
  identified,
  type OpenHistory,
  openHistory,
  replaceHistory,
  writeAll,
} from './open-history.ts'

const COPY_BYTES = 1_048_576
/** Lines differ a little in length from cycle to cycle. */
const SPARE_BYTES = 65_536
/** A rewrite copies most of the file: on a disk that stays full it is not tried in each cycle. */
const CYCLES_BETWEEN_REWRITE_TRIES = 10
/** One cycle in this many is dropped at once, so that the file is rewritten once in a tenth of its length. */
const SLACK_DIVISOR = 10

/** How the metrics file is kept. */
export interface MetricsFileOptions {
  readonly path: string
  readonly maxCycles: number
  readonly nowMs: () => number
  readonly log: Logger
  /** The operating system, unless a test wants it to fail. */
  readonly files?: HistoryFiles
}

interface CurrentFile extends OpenHistory {
  readonly path: string
  sizeBytes: number
}

/**
 * The metrics file. A cycle is written over the closing bracket, with one call, together with a new bracket: the cost is
 * that of the cycle. When the file is full, its newest part is copied beside it and renamed over it.
 */
export class MetricsFile implements CycleStore {
  readonly #options: MetricsFileOptions
  readonly #files: HistoryFiles
  #current: CurrentFile | undefined
  #scratch = Buffer.alloc(0)
  #problem: string | undefined
  /** Why the last rewrite of the full file failed, and for how many cycles it is not tried again. */
  #lastRewriteError: unknown
  #waitingCycles = 0

  constructor(options: MetricsFileOptions) {
    this.#options = options
    this.#files = options.files ?? systemFiles
  }

  /** Cycles in the file; undefined while it is not open. */
  get cycles(): number | undefined {
    return this.#current?.starts.length
  }

  /**
   * Opens and repairs the file, so that what stands in its place shows before it is relied on. It need not be called: `append`
   * does the same.
   * @throws {AutoscaleError} STATE_INVALID when something else than a regular file stands there.
   */
  async open(): Promise<void> {
    try {
      await this.#open()
    } catch (error) {
      if (error instanceof AutoscaleError) throw error
      this.#report(error)
    }
  }

  async append(line: Uint8Array): Promise<AppendOutcome> {
    try {
      const bytes = await this.#append(line)
      this.#reportHealed()
      return { isStored: true, bytes }
    } catch (error) {
      this.#report(error)
      return { isStored: false, bytes: 0 }
    }
  }

  async close(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    if (current === undefined) return
    try {
      await current.handle.sync()
      await current.handle.close()
    } catch (error) {
      this.#report(error)
    }
  }

  async #append(line: Uint8Array): Promise<number> {
    if (this.#current !== undefined && !(await isInPlace(this.#files, this.#current))) {
      this.#options.log.warn({ file: this.#options.path }, 'metrics file was deleted or replaced; opening it anew')
      await this.#drop()
    }
    const opened = this.#current ?? (await this.#open())
    const compactedBytes = await this.#makeRoom(opened)
    const current = this.#current ?? opened
    return compactedBytes + (await this.#writeEntry(current, line))
  }

  async #open(): Promise<CurrentFile> {
    const path = await resolveLinks(this.#files, this.#options.path)
    const history = await openHistory({ ...this.#options, path, files: this.#files })
    this.#current = { ...history, path }
    return this.#current
  }

  /** Lets go of the file; the next append opens and, if need be, repairs it. */
  async #drop(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    await current?.handle.close()
  }

  async #writeEntry(current: CurrentFile, line: Uint8Array): Promise<number> {
    const { handle, starts } = current
    const isFirst = starts.length === 0
    const tail = isFirst ? EMPTY_TAIL : TAIL
    const position = current.sizeBytes - tail.length
    const bytes = this.#pieceOf(isFirst ? '' : SEPARATOR, line)
    try {
      await writeAll(handle, bytes, position)
    } catch (error) {
      await this.#takeBack(current, position, tail)
      throw error
    }
    starts.push(position + (isFirst ? 0 : SEPARATOR.length))
    current.sizeBytes = position + bytes.length
    return bytes.length
  }

  /** What an append writes, in a buffer that is used again: of many containers it is a megabyte. */
  #pieceOf(separator: string, line: Uint8Array): Uint8Array {
    const length = separator.length + line.length + TAIL.length
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafe(length + SPARE_BYTES)
    this.#scratch.write(separator, 0, 'latin1')
    this.#scratch.set(line, separator.length)
    this.#scratch.write(TAIL, separator.length + line.length, 'latin1')
    return this.#scratch.subarray(0, length)
  }

  /** After a failed write: closes the array again where it ended before. If that fails too, the next append repairs. */
  async #takeBack(current: CurrentFile, position: number, tail: string): Promise<void> {
    try {
      await current.handle.truncate(position)
      await writeAll(current.handle, Buffer.from(tail), position)
    } catch {
      // The reason is the one that is reported already.
      await this.#drop()
    }
  }

  /** Rewrites the file without its oldest cycles when it is full. Gives the bytes written. */
  async #makeRoom(current: CurrentFile): Promise<number> {
    const cycles = current.starts.length
    const keep = cyclesToKeep(cycles, this.#options.maxCycles)
    if (keep >= cycles) return 0
    if (this.#lastRewriteError !== undefined && this.#waitingCycles-- > 0) throw this.#lastRewriteError
    try {
      const bytes = await this.#rewriteWhatFits(current, keep)
      this.#lastRewriteError = undefined
      return bytes
    } catch (error) {
      this.#lastRewriteError = error
      this.#waitingCycles = CYCLES_BETWEEN_REWRITE_TRIES
      throw error
    }
  }

  /** A full disk may still have room for a shorter history, and a short one is better than none that is new. */
  async #rewriteWhatFits(current: CurrentFile, keep: number): Promise<number> {
    for (let kept = keep; ; kept = Math.floor(kept / 2)) {
      try {
        return await this.#rewrite(current, kept)
      } catch (error) {
        if (systemErrorCode(error) !== 'ENOSPC' || kept <= 1) throw error
        this.#options.log.warn(
          { file: current.path, cycles: kept },
          'no room to rewrite the metrics file; keeping less',
        )
      }
    }
  }

  async #rewrite(current: CurrentFile, keep: number): Promise<number> {
    const first = current.starts.length - keep
    const from = current.starts[first] ?? current.sizeBytes - TAIL.length
    const shift = from - HEAD.length
    const sizeBytes = current.sizeBytes - shift
    const replaced = await replaceHistory(
      { path: current.path, files: this.#files },
      current.handle,
      async replacement => {
        await replacement.write(HEAD, 0)
        await copyRange(current, replacement, from)
        return { starts: current.starts.slice(first).map(start => start - shift), sizeBytes }
      },
    )
    this.#current = { ...(await identified(replaced)), path: current.path }
    await current.handle.close()
    return sizeBytes
  }

  /** Says a problem once. What is neither of the operating system nor expected is a bug. */
  #report(error: unknown): void {
    const problem = systemErrorCode(error)
    if (problem === undefined) throw error
    if (problem === this.#problem) return
    this.#problem = problem
    this.#options.log.error(
      { file: this.#options.path, code: problem, problem: errorMessage(error) },
      'cannot write the metrics file; measuring goes on, cycles are lost until it can be written',
    )
  }

  #reportHealed(): void {
    if (this.#problem === undefined) return
    this.#options.log.info({ file: this.#options.path, was: this.#problem }, 'metrics file can be written again')
    this.#problem = undefined
  }
}

/**
 * How many of `cycles` stay before one more is added: all while there is room, else so few that the next rewrite is a
 * tenth of `maxCycles` away.
 */
export function cyclesToKeep(cycles: number, maxCycles: number): number {
  if (cycles < maxCycles) return cycles
  return maxCycles - Math.max(1, Math.floor(maxCycles / SLACK_DIVISOR))
}

async function isInPlace(files: HistoryFiles, { path, device, inode, sizeBytes }: CurrentFile): Promise<boolean> {
  try {
    const found = await files.stat(path)
    return found.dev === device && found.ino === inode && found.size === sizeBytes
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}

async function resolveLinks(files: HistoryFiles, path: string): Promise<string> {
  try {
    return await files.realpath(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return behindLinks(path)
    throw error
  }
}

async function copyRange(from: CurrentFile, to: FileHandle, start: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, from.sizeBytes - start))
  let target = HEAD.length
  for (let position = start; position < from.sizeBytes; ) {
    const { bytesRead } = await from.handle.read(
      buffer,
      0,
      Math.min(buffer.length, from.sizeBytes - position),
      position,
    )
    if (bytesRead === 0) throw new AutoscaleError('STATE_INVALID', `${from.path} became shorter while it was copied`)
    await writeAll(to, buffer.subarray(0, bytesRead), target)
    position += bytesRead
    target += bytesRead
  }
}
