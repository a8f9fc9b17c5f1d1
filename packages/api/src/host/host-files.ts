import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { AutoscaleError, errorMessage, systemErrorCode } from '@lxc-autoscale/core'

const FIRST_BUFFER_BYTES = 16_384

/** What the kernel says when a file, or the process or cgroup behind it, is not there (any more). */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ESRCH'])

/** Reads small files of the kernel and of Proxmox. Synchronous: they live in memory, and a promise costs more than the read. */
export class HostFiles {
  #buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES)

  /**
   * The text of a file; undefined when it is not there.
   * @throws {AutoscaleError} HOST_UNREADABLE when it is there and cannot be read.
   */
  readText(path: string): string | undefined {
    try {
      return this.#read(path)
    } catch (error) {
      return orUnreadable(path, error)
    }
  }

  /**
   * The names in a directory; undefined when it is not there.
   * @throws {AutoscaleError} HOST_UNREADABLE when it is there and cannot be read.
   */
  list(path: string): readonly string[] | undefined {
    try {
      return readdirSync(path)
    } catch (error) {
      return orUnreadable(path, error)
    }
  }

  /** The inode of a file or directory; undefined when it is not there. */
  inode(path: string): number | undefined {
    return statSync(path, { throwIfNoEntry: false })?.ino
  }

  /** When a file was last written, milliseconds since 1970 UTC; undefined when it is not there. */
  modifiedMs(path: string): number | undefined {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs
  }

  #read(path: string): string {
    const fd = openSync(path, 'r')
    try {
      let length = 0
      for (;;) {
        const got = readSync(fd, this.#buffer, length, this.#buffer.length - length, null)
        length += got
        if (got === 0) return this.#buffer.toString('utf8', 0, length)
        if (length === this.#buffer.length) this.#grow()
      }
    } finally {
      closeSync(fd)
    }
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#buffer.length * 4)
    this.#buffer.copy(larger)
    this.#buffer = larger
  }
}

function orUnreadable(path: string, error: unknown): undefined {
  const code = systemErrorCode(error)
  if (code !== undefined && ABSENT.has(code)) return undefined
  throw new AutoscaleError('HOST_UNREADABLE', `${path}: ${errorMessage(error)}`, { retryable: true, cause: error })
}
