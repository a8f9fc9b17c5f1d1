import { constants } from 'node:fs'
import type * as files from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorMessage, type Logger, syncDirectory, systemErrorCode } from '@lxc-autoscale/core'

/** The calls of the operating system that keeping lines needs. */
export type LineFiles = Pick<typeof files, 'open' | 'rename' | 'rm' | 'stat'>

export interface AppendFileOptions {
  readonly path: string
  /** Size at which the file is rotated. */
  readonly maxBytes: number
  /** Rotated files that are kept, as `path.1` (newest), `path.2`, ... */
  readonly backupCount: number
  readonly files: LineFiles
  readonly log: Logger
}

interface PendingLine {
  /** Empty: only the file is looked after. */
  readonly text: string
  resolve(): void
  reject(error: unknown): void
}

interface OpenLines {
  readonly handle: FileHandle
  readonly device: number
  readonly inode: number
  readonly size: number
  /** Whether its last line has no end. */
  readonly isTorn: boolean
}

/** After a rotation that failed the file grows by this part of its size until it is tried again. */
const RETRY_GROWTH = 0.1

/**
 * A file of lines that grows at its end. A line is on the disk when `append` resolves; lines that wait share one sync. It
 * goes on after whatever ends: a full disk, a rotation that failed, a file that somebody moved or removed.
 */
export class AppendFile {
  readonly #options: AppendFileOptions
  #opened: OpenLines
  #isTorn: boolean
  #rotateAtBytes: number
  /** Whether the name of the file would survive a power loss, and no file is left that is too many. */
  #isSettled = false
  #rotationProblem: string | undefined
  #wasLost = false
  #pending: PendingLine[] = []
  #flushing: Promise<void> | undefined

  private constructor(options: AppendFileOptions, opened: OpenLines) {
    this.#options = options
    this.#opened = opened
    this.#isTorn = opened.isTorn
    this.#rotateAtBytes = options.maxBytes
  }

  /** Opens or makes the file; a line torn by a power loss is ended before the next one. */
  static async open(options: AppendFileOptions): Promise<AppendFile> {
    const file = new AppendFile(options, await openLines(options))
    await file.ready()
    return file
  }

  /** What is not as it should be with the file, although it can be written. */
  get notice(): string | undefined {
    const { path } = this.#options
    const notices = [
      ...(this.#wasLost ? [`${path} was removed or moved while it was in use, and begun anew`] : []),
      ...(this.#rotationProblem === undefined ? [] : [`${path} cannot be rotated: ${this.#rotationProblem}`]),
    ]
    return notices.length === 0 ? undefined : notices.join('; ')
  }

  /** Adds one line; resolves when it would survive a power loss. Rejects with the system's error. */
  append(text: string): Promise<void> {
    return this.#queue(`${text}\n`)
  }

  /** Resolves when the file is where the next line would go. Rejects with the system's error. */
  ready(): Promise<void> {
    return this.#queue('')
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.#opened.handle.close()
  }

  #queue(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ text, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      try {
        await this.#write(batch.map(({ text }) => text).join(''))
        for (const line of batch) line.resolve()
      } catch (error) {
        for (const line of batch) line.reject(error)
      }
    }
    // At once with the last look at what waits, or a line that comes in between would wait for ever.
    this.#flushing = undefined
  }

  async #write(text: string): Promise<void> {
    const size = await this.#lookAfter()
    if (text !== '') await this.#add(text, size)
    await this.#settle()
  }

  async #add(text: string, size: number): Promise<void> {
    const { handle } = this.#opened
    const wasTorn = this.#isTorn
    this.#isTorn = true
    try {
      await handle.appendFile(wasTorn ? `\n${text}` : text)
      await handle.datasync()
      this.#isTorn = false
    } catch (error) {
      // Half a line on a full disk would spoil the next one.
      const isWhole = await handle.truncate(size).then(
        () => true,
        () => false,
      )
      if (isWhole) this.#isTorn = wasTorn
      throw error
    }
  }

  /** Opens the file again if it is not the one of its name any more, rotates it if it is time; gives its size. */
  async #lookAfter(): Promise<number> {
    const size = await this.#sizeByName()
    if (size === undefined) return this.#openAnew()
    return size < this.#rotateAtBytes ? size : this.#rotate(size)
  }

  /** Undefined when the file of this name is another one, or none. */
  async #sizeByName(): Promise<number | undefined> {
    const found = await orNothing(this.#options.files.stat(this.#options.path))
    const { inode, device } = this.#opened
    return found?.ino === inode && found.dev === device ? found.size : undefined
  }

  async #openAnew(): Promise<number> {
    const { log, path } = this.#options
    const opened = await openLines(this.#options)
    await this.#use(opened)
    this.#wasLost = true
    log.error({ file: path }, 'the file was removed or moved while it was in use; it was begun anew')
    return opened.size
  }

  async #use(opened: OpenLines): Promise<void> {
    const previous = this.#opened
    this.#opened = opened
    this.#isTorn = opened.isTorn
    this.#isSettled = false
    // Its lines are on the disk.
    await previous.handle.close().catch(() => undefined)
  }

  /** A file that cannot be rotated grows on: more lines than wanted are better than a line that is lost. */
  async #rotate(size: number): Promise<number> {
    const { path, maxBytes, log } = this.#options
    try {
      await this.#beginNext()
      this.#rotateAtBytes = maxBytes
      if (this.#rotationProblem !== undefined) log.info({ file: path }, 'the file is rotated again')
      this.#rotationProblem = undefined
      return 0
    } catch (error) {
      this.#rotateAtBytes = size + maxBytes * RETRY_GROWTH
      if (this.#rotationProblem === undefined)
        log.error({ file: path, problem: errorMessage(error) }, 'the file cannot be rotated, so it grows on')
      this.#rotationProblem = errorMessage(error)
      return size
    }
  }

  /**
   * The next file is made first, since only that needs room; then each gets the name of the one before it, up to the
   * first name that is free, so that going on after a failure loses nothing.
   */
  async #beginNext(): Promise<void> {
    const { path, files } = this.#options
    const next = `${path}.next`
    await files.rm(next, { force: true })
    const opened = await openLines({ path: next, files })
    try {
      for (let number = await this.#freeNumber(); number > 1; number--) {
        await files.rename(`${path}.${number - 1}`, `${path}.${number}`)
      }
      await files.rename(path, `${path}.1`)
      await this.#giveName(next)
    } catch (error) {
      await opened.handle.close()
      throw error
    }
    await this.#use(opened)
  }

  async #giveName(next: string): Promise<void> {
    const { path, files } = this.#options
    try {
      await files.rename(next, path)
    } catch (error) {
      // If not even this works, the next line finds that there is no file of this name.
      await files.rename(`${path}.1`, path).catch(() => undefined)
      throw error
    }
  }

  async #freeNumber(): Promise<number> {
    let number = 1
    while (await this.#isThere(number)) number++
    return number
  }

  async #isThere(number: number): Promise<boolean> {
    return (await orNothing(this.#options.files.stat(`${this.#options.path}.${number}`))) !== undefined
  }

  /** The oldest files go only when the names of all others are on the disk. */
  async #settle(): Promise<void> {
    if (this.#isSettled) return
    const { path, backupCount, files } = this.#options
    await syncDirectory(dirname(path), files.open)
    this.#isSettled = true
    for (let number = backupCount + 1; await this.#isThere(number); number++) {
      // One that cannot be removed is in nobody's way; it is tried again after the next rotation.
      await files.rm(`${path}.${number}`, { force: true }).catch(() => undefined)
    }
  }
}

const OPEN_FLAGS = constants.O_CREAT | constants.O_APPEND | constants.O_RDWR | constants.O_NOFOLLOW

async function openLines({ path, files }: Pick<AppendFileOptions, 'path' | 'files'>): Promise<OpenLines> {
  const handle = await files.open(path, OPEN_FLAGS, 0o640)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new TypeError(`${path}: is not a regular file`)
    const { dev: device, ino: inode, size } = stats
    return { handle, device, inode, size, isTorn: size > 0 && (await lastByte(handle, size)) !== '\n' }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function lastByte(handle: FileHandle, size: number): Promise<string> {
  const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer.toString('latin1')
}

/** Undefined when there is no such file. */
async function orNothing<Found>(found: Promise<Found>): Promise<Found | undefined> {
  try {
    return await found
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
