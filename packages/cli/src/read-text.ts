import { readFileSync } from 'node:fs'
import { AutoscaleError, ConfigError, errorMessage } from '@lxc-autoscale/core'

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

/**
 * The text of a configuration file.
 * @throws {ConfigError} when it cannot be read.
 */
export function readConfigText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([{ file, line: undefined, key: '', message: `cannot be read: ${errorMessage(error)}` }])
  }
}
