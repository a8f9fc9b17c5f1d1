import { readFileSync } from 'node:fs'
import { AutoscaleError, errorMessage } from '@lxc-autoscale/core'

/** The text of `file`. @throws {AutoscaleError} HOST_UNREADABLE */
export function readText(file: string): string {
  return readBytes(file).toString('utf8')
}

/** The bytes of `file`. @throws {AutoscaleError} HOST_UNREADABLE */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new AutoscaleError('HOST_UNREADABLE', `${file}: ${errorMessage(error)}`, { cause: error })
  }
}
