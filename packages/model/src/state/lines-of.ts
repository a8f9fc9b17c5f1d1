import { closeSync, readSync } from 'node:fs'
import { AutoscaleError, openRegularFileSync } from '@lxc-autoscale/core'

const NEWLINE = 0x0a
const CHUNK_BYTES = 4_194_304
/** Far more than one container needs. */
const LONGEST_LINE_BYTES = 67_108_864

/**
 * The lines of a file in ASCII, without the empty ones, of which only one at a time has to be in memory.
 * @throws {AutoscaleError} STATE_INVALID when it is no regular file or has no end of line for long; a system error when it cannot be read.
 */
export function* linesOf(path: string): Generator<string> {
  const fd = openRegularFileSync(path)
  try {
    let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let filled = 0
    for (;;) {
      const read = readSync(fd, buffer, filled, buffer.length - filled, null)
      const bytes = buffer.subarray(0, filled + read)
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        if (end > start) yield bytes.toString('latin1', start, end)
        start = end + 1
      }
      if (read === 0) {
        if (start < bytes.length) yield bytes.toString('latin1', start)
        return
      }
      buffer.copyWithin(0, start, bytes.length)
      filled = bytes.length - start
      if (filled === buffer.length) buffer = larger(path, buffer)
    }
  } finally {
    closeSync(fd)
  }
}

function larger(path: string, buffer: Buffer): Buffer {
  if (buffer.length >= LONGEST_LINE_BYTES) throw new AutoscaleError('STATE_INVALID', `${path}: has no end of line`)
  return Buffer.concat([buffer], buffer.length * 2)
}
