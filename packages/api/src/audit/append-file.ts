import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '@lxc-autoscale/core'

export interface AppendFileOptions {
  readonly path: string
  /** Size at which the file is rotated. */
  readonly maxBytes: number
  /** Rotated files that are kept, as `path.1` (newest), `path.2`, ... */
  readonly backupCount: number
}

interface PendingLine {
  readonly text: string
  resolve(): void
  reject(error: unknown): void
}

/** A file of lines that grows at its end. A line is on the disk when `append` resolves; lines that wait share one sync. */
export class AppendFile {
  readonly #options: AppendFileOptions
  #handle: FileHandle
  #bytes: number
  #pending: PendingLine[] = []
  #flushing: Promise<void> | undefined

  private constructor(options: AppendFileOptions, handle: FileHandle, bytes: number) {
    this.#options = options
    this.#handle = handle
    this.#bytes = bytes
  }

  /** Opens or makes the file; a line torn by a power loss is ended, so that the next one stands alone. */
  static async open(options: AppendFileOptions): Promise<AppendFile> {
    const handle = await openForAppend(options.path)
    const { size } = await handle.stat()
    const file = new AppendFile(options, handle, size)
    if (size > 0 && (await lastByte(handle, size)) !== '\n') await file.append('')
    await syncDirectory(dirname(options.path))
    return file
  }

  /** Adds one line; resolves when it would survive a power loss. Rejects with the system's error. */
  append(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ text, resolve, reject })
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = undefined
      })
    })
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.#handle.close()
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      try {
        await this.#write(batch.map(({ text }) => `${text}\n`).join(''))
        for (const line of batch) line.resolve()
      } catch (error) {
        for (const line of batch) line.reject(error)
      }
    }
  }

  async #write(text: string): Promise<void> {
    if (this.#bytes >= this.#options.maxBytes) await this.#rotate()
    const { size } = await this.#handle.stat()
    try {
      await this.#handle.appendFile(text)
      await this.#handle.datasync()
      this.#bytes = size + Buffer.byteLength(text)
    } catch (error) {
      // Half a line on a full disk would spoil the next one.
      await this.#handle.truncate(size).catch(() => undefined)
      throw error
    }
  }

  async #rotate(): Promise<void> {
    const { path, backupCount } = this.#options
    await rm(`${path}.${backupCount}`, { force: true })
    for (let number = backupCount - 1; number >= 1; number--)
      await renameIfThere(`${path}.${number}`, `${path}.${number + 1}`)
    await rename(path, `${path}.1`)
    const previous = this.#handle
    this.#handle = await openForAppend(path)
    this.#bytes = 0
    await previous.close()
    await syncDirectory(dirname(path))
  }
}

function openForAppend(path: string): Promise<FileHandle> {
  return open(path, constants.O_CREAT | constants.O_APPEND | constants.O_RDWR, 0o640)
}

async function lastByte(handle: FileHandle, size: number): Promise<string> {
  const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer.toString('latin1')
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch(error => {
    if (error.code !== 'ENOENT') throw error
  })
}
