import { readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { systemErrorCode } from '../errors.ts'

/**
 * Where the file at `path` stands or, when it is not there yet, is to stand: the links to the files of the daemons in /var/log
 * lead into folders of theirs, and only there a daemon may rename. Gives `path` itself when that cannot be found out.
 */
export function behindLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    const target = systemErrorCode(error) === 'ENOENT' ? linkTarget(path) : undefined
    return target === undefined ? path : behindLinks(resolve(dirname(path), target))
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    // No link, or nothing at all.
    return undefined
  }
}
