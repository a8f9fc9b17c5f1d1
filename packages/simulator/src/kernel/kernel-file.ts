import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { isErrno, readIfThere } from '../files/json-file.ts'

/**
 * Changes the text of a pretend kernel file in place: same inode, so that a reader who keeps it open sees the new value
 * with its next read at offset 0. One write; only a text that became shorter leaves a moment (microseconds) in which a reader
 * sees the new text followed by the end of the old one. A real kernel file has no such moment.
 * @returns false when the file is gone, which is how a container that has just stopped shows itself.
 */
export function writeKernelFile(path: string, text: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r+')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
  try {
    const bytes = writeSync(descriptor, text, 0)
    ftruncateSync(descriptor, bytes)
  } finally {
    closeSync(descriptor)
  }
  return true
}

/** The first line of a kernel file; undefined when there is none. What follows can be the rest of a longer, older text. */
export function readFirstLine(path: string): string | undefined {
  return readIfThere(path)?.split('\n', 1)[0]
}

/** A file with one number or `max`; `max` is Infinity, no file and nonsense are undefined. */
export function readLimit(path: string): number | undefined {
  const line = readFirstLine(path)
  if (line === 'max') return Number.POSITIVE_INFINITY
  if (line === undefined || !/^\d+$/.test(line)) return undefined
  return Number(line)
}

/** The same the other way round. */
export function limitText(bytes: number): string {
  return Number.isFinite(bytes) ? `${bytes}\n` : 'max\n'
}
