import { AutoscaleError, openRegularFile, systemErrorCode } from '@lxc-autoscale/core'

const CHUNK_BYTES = 65_536
const NEWLINE = 0x0a
/** No line is as long; what is ends the reading instead of filling the memory. */
const MOST_LINE_BYTES = 16_777_216

/**
 * The lines of a file, last one first, without reading more of it than is asked for. Nothing when there is no file.
 * @throws {AutoscaleError} STATE_INVALID when something else than a file stands there, or a line is longer than any of ours.
 */
export async function* linesBackwards(path: string): AsyncGenerator<string> {
  const handle = await openRegularFile(path).catch(error => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    let { size: end } = await handle.stat()
    /** The parts of a line whose beginning was not read yet. */
    let rest: Buffer[] = []
    while (end > 0) {
      // As much again as is known of a line, so that a long one is not copied once for each chunk.
      const start = Math.max(0, end - Math.max(CHUNK_BYTES, rest.length))
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(end - start), position: start })
      const block = buffer.subarray(0, bytesRead)
      // What stands before the first newline may begin in the part that was not read yet.
      const cut = start === 0 ? 0 : block.indexOf(NEWLINE) + 1
      if (start === 0 || cut > 0) {
        yield* Buffer.concat([block.subarray(cut), ...rest])
          .toString('utf8')
          .split('\n')
          .reverse()
          .filter(Boolean)
        rest = []
      }
      rest.unshift(cut === 0 ? block : block.subarray(0, cut))
      if (rest.length * CHUNK_BYTES > MOST_LINE_BYTES) {
        throw new AutoscaleError('STATE_INVALID', `${path}: has a line of more than ${MOST_LINE_BYTES} bytes`)
      }
      end = start
    }
  } finally {
    await handle.close()
  }
}
