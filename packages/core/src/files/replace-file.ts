import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces the whole content of `path`: written beside it, synced, renamed. A reader sees the old file or the new one,
 * never a part; so does everybody after a power loss. Content in parts is written part by part, so that it never is in
 * memory as a whole.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  mode = 0o640,
): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`
  try {
    await withHandle(await open(aside, 'w', mode), async handle => {
      for (const part of inParts(content)) await handle.appendFile(part)
      await handle.sync()
    })
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

function inParts(content: string | Uint8Array | Iterable<string>): Iterable<string | Uint8Array> {
  return typeof content === 'string' || content instanceof Uint8Array ? [content] : content
}

/** Makes a rename or a new file in `path` survive a power loss. */
export async function syncDirectory(path: string): Promise<void> {
  await withHandle(await open(path, 'r'), handle => handle.sync())
}

async function withHandle(handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(handle)
  } finally {
    await handle.close()
  }
}
