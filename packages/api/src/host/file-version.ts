import { type BigIntStats, statSync } from 'node:fs'
import { systemErrorCode } from '@lxc-autoscale/core'

/** What tells one content from another of a file that is replaced, never written to; of one that cannot be looked at the error code. */
export function fileVersion(file: string): string {
  try {
    const { dev, ino, mtimeNs, size, ctimeNs }: BigIntStats = statSync(file, { bigint: true })
    return [dev, ino, mtimeNs, ctimeNs, size].join(' ')
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    return code
  }
}
