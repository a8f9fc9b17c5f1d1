import { type BigIntStats, statSync } from 'node:fs'
import { systemErrorCode } from '@lxc-autoscale/core'

/** What tells one content from another of a file that is replaced, never written to; of one that cannot be looked at the error code. */
export function fileVersion(file: string): string {
  try {
    // Usually it is not there, and an exception costs six times what the look does.
    const found: BigIntStats | undefined = statSync(file, { bigint: true, throwIfNoEntry: false })
    if (found === undefined) return 'ENOENT'
    const { dev, ino, mtimeNs, size, ctimeNs } = found
    return [dev, ino, mtimeNs, ctimeNs, size].join(' ')
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    return code
  }
}
