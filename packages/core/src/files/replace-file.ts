import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemErrorCode } from '../errors.ts'

/** The name of a temporary file: that of the file it is to replace, and digits that nobody can foresee. */
const TEMPORARY_NAME = /^(?<replaced>.+)\.[0-9a-f]+\.tmp$/

/**
 * Replaces the whole content of `path`: written beside it, synced, renamed. A reader sees the old file or the new one,
 * never a part; so does everybody after a power loss. Content in parts is written part by part, so that it never is in
 * memory as a whole. A link at `path` is replaced, not followed.
 */
export async function replaceFile(path: string, content: Content, mode = DEFAULT_MODE): Promise<void> {
  await replace(path, content, { mode, isToLast: true })
  await syncDirectory(dirname(path))
}

/**
 * The same without waiting for the disk, for what is written anew all the time and means nothing after a power loss: the old
 * file, the new one or an empty one may be found then.
 */
export function replacePassingFile(path: string, content: Content): Promise<void> {
  return replace(path, content, { mode: DEFAULT_MODE, isToLast: false })
}

type Content = string | Uint8Array | Iterable<string>

const DEFAULT_MODE = 0o640

async function replace(
  path: string,
  content: Content,
  { mode, isToLast }: { readonly mode: number; readonly isToLast: boolean },
): Promise<void> {
  const { aside, handle } = await openBeside(path, mode)
  try {
    await withHandle(handle, async () => {
      for (const part of inParts(content)) await handle.appendFile(part)
      if (isToLast) await handle.sync()
    })
    await rename(aside, path)
  } catch (error) {
    await removeFile(aside)
    throw error
  }
}

/**
 * A new file beside `path`, to be renamed over it. Nobody can put a link in its way: the name cannot be foreseen, and what
 * stands there is not opened. After a kill it is left to `removeTemporaries`.
 */
export async function openBeside(
  path: string,
  mode: number,
  openFile = open,
): Promise<{ readonly aside: string; readonly handle: FileHandle }> {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`
  return { aside, handle: await openFile(aside, 'wx+', mode) }
}

/**
 * Removes the temporary files of `directory` that a kill left behind, of the files whose names are `isOurs`. For their only
 * writer, before it writes.
 */
export async function removeTemporaries(directory: string, isOurs: (name: string) => boolean): Promise<void> {
  await removeFiles(directory, names =>
    names.filter(name => {
      const replaced = TEMPORARY_NAME.exec(name)?.groups?.['replaced']
      return replaced !== undefined && isOurs(replaced)
    }),
  )
}

/** Removes the files of `directory` that `choose` picks from the names in it, as far as they can be removed. */
export async function removeFiles(directory: string, choose: (names: readonly string[]) => string[]): Promise<void> {
  try {
    const chosen = choose(await readdir(directory))
    await Promise.all(chosen.map(name => removeFile(join(directory, name))))
  } catch (error) {
    // What cannot be listed, or is not there yet, is the concern of whoever writes there.
    if (systemErrorCode(error) === undefined) throw error
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    // It only takes room; why the file was not replaced is more worth knowing.
    if (systemErrorCode(error) === undefined) throw error
  }
}

function inParts(content: Content): Iterable<string | Uint8Array> {
  return typeof content === 'string' || content instanceof Uint8Array ? [content] : content
}

/** Makes a rename or a new file in `path` survive a power loss. */
export async function syncDirectory(path: string, openFile = open): Promise<void> {
  await withHandle(await openFile(path, 'r'), handle => handle.sync())
}

async function withHandle(handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(handle)
  } finally {
    await handle.close()
  }
}
