import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The text of a file; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  return readBytesIfThere(path)?.toString('utf8')
}

/** The same as it stands. */
export function readBytesIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined
    throw error
  }
}

/** Whether `error` is a system error with this code. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/**
 * Writes aside and renames, so that a reader, or a process that is killed half-way, leaves the old text or the new one.
 * Not flushed to the disk: the pretend host does not have to survive a power cut.
 */
export function replaceText(path: string, text: string): void {
  const aside = `${path}.tmp.${process.pid}`
  try {
    writeFileSync(aside, text)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(aside, text)
  }
  renameSync(aside, path)
}

/** The same for a value as JSON. */
export function replaceJson(path: string, value: unknown): void {
  replaceText(path, `${JSON.stringify(value)}\n`)
}
