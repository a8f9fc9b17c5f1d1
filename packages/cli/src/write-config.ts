import { chown, readFile, stat } from 'node:fs/promises'
import { replaceFile, systemErrorCode } from '@lxc-autoscale/core'

/** Bits of a mode that say who may do what. */
const PERMISSIONS = 0o777

/** Writes a configuration file. What was there before is kept as FILE.old, and owner, group and mode stay, so that its daemon can read it. */
export async function writeConfig(file: string, text: string): Promise<void> {
  const old = await statOrNone(file)
  if (old === undefined) return replaceFile(file, text)
  const mode = old.mode & PERMISSIONS
  for (const [path, content] of [
    [`${file}.old`, await readFile(file, 'utf8')],
    [file, text],
  ] as const) {
    await replaceFile(path, content, mode)
    await chown(path, old.uid, old.gid)
  }
}

async function statOrNone(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
