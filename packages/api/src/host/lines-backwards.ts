import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { systemErrorCode } from '@lxc-autoscale/core'

const CHUNK_BYTES = 65_536
const NEWLINE = 0x0a

/** The lines of a file, last one first, without reading more of it than is asked for. Nothing when there is no file. */
export async function* linesBackwards(path: string): AsyncGenerator<string> {
  // Without blocking: a pipe behind the name would hold a thread until somebody writes into it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(error => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    let { size: end } = await handle.stat()
    let rest = Buffer.alloc(0)
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES)
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(end - start), position: start })
      const block = Buffer.concat([buffer.subarray(0, bytesRead), rest])
      // What stands before the first newline may begin in the part that was not read yet.
      const cut = start === 0 ? 0 : block.indexOf(NEWLINE) + 1
      rest = cut === 0 ? block : block.subarray(0, cut)
      if (start === 0 || cut > 0) yield* block.toString('utf8', cut).split('\n').reverse().filter(Boolean)
      end = start
    }
  } finally {
    await handle.close()
  }
}
