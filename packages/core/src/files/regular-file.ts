import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { AutoscaleError, systemErrorCode } from '../errors.ts'

/** How a regular file is opened. */
export interface OpenRegular {
  /** As for open(2); reading is the default. */
  readonly flags?: number
  readonly mode?: number
  /** The operating system, unless a test wants it to fail. */
  readonly open?: typeof open
}

/** What open(2) says when what stands there is a folder, a link that is not to be followed, or a FIFO or socket that nobody reads. */
const NOT_REGULAR = new Set(['EISDIR', 'ELOOP', 'ENXIO'])

/**
 * Opens the regular file at `path`, following links unless `flags` forbid it. What else may stand there (a FIFO, a device, a
 * folder) is refused and never waited for.
 * @throws {AutoscaleError} STATE_INVALID when it is no regular file; a system error when it cannot be opened.
 */
export async function openRegularFile(path: string, options: OpenRegular = {}): Promise<FileHandle> {
  const { flags = constants.O_RDONLY, mode, open: openFile = open } = options
  const handle = await openFile(path, flags | constants.O_NONBLOCK, mode).catch(error => {
    throw clearer(path, error)
  })
  try {
    requireRegular(path, await handle.stat())
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** As `openRegularFile`, at once; gives the descriptor. */
export function openRegularFileSync(path: string, flags: number = constants.O_RDONLY, mode?: number): number {
  const fd = orClearer(path, () => openSync(path, flags | constants.O_NONBLOCK, mode))
  try {
    requireRegular(path, fstatSync(fd))
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/**
 * The text of the regular file at `path`, which may be a link to one; of one that grows meanwhile, what it held at first.
 * @throws {AutoscaleError} STATE_INVALID when it is no regular file or has more than `maxBytes`; a system error (ENOENT, ...)
 * when it cannot be read.
 */
export function readRegularFile(path: string, maxBytes: number): string {
  return readRegularBytes(path, maxBytes).toString('utf8')
}

/** As `readRegularFile`, the bytes. */
export function readRegularBytes(path: string, maxBytes: number): Buffer {
  const fd = openRegularFileSync(path)
  try {
    const { size } = fstatSync(fd)
    if (size > maxBytes) {
      throw new AutoscaleError('STATE_INVALID', `${path}: has ${size} bytes; more than ${maxBytes} are not read`)
    }
    return readAll(fd, size)
  } finally {
    closeSync(fd)
  }
}

function readAll(fd: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let length = 0; ; ) {
    const read = readSync(fd, bytes, length, size - length, length)
    if (read === 0) return bytes.subarray(0, length)
    length += read
  }
}

function orClearer<Result>(path: string, call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw clearer(path, error)
  }
}

function clearer(path: string, error: unknown): unknown {
  const code = systemErrorCode(error)
  return code !== undefined && NOT_REGULAR.has(code) ? notRegular(path, error) : error
}

function requireRegular(path: string, stats: Stats): void {
  if (!stats.isFile()) throw notRegular(path)
}

function notRegular(path: string, cause?: unknown): AutoscaleError {
  return new AutoscaleError('STATE_INVALID', `${path}: is not a regular file`, { cause })
}
