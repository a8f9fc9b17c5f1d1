import { AutoscaleError, ConfigError, errorMessage, modelKey, readKeyText, systemErrorCode } from '@lxc-autoscale/core'

/**
 * The key of the model in `file`; undefined when there is no such file, or no key in it.
 * @throws {AutoscaleError} when it cannot be read, or holds keys and none for the model
 */
function keyIn(file: string): string | undefined {
  try {
    return file === '' ? undefined : modelKey(file, readKeyText(file))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The key to send; undefined where there is none to send.
 * @throws {AutoscaleError} UNAUTHORIZED when `file` is of no use: asking without a key would say less
 */
export function readApiKey(file: string): string | undefined {
  try {
    return keyIn(file)
  } catch (error) {
    throw new AutoscaleError('UNAUTHORIZED', errorMessage(error), { cause: error })
  }
}

/** @throws {ConfigError} when `file` holds keys and none that the model can use. Another problem is told with each request. */
export function checkApiKey(file: string): void {
  try {
    keyIn(file)
  } catch (error) {
    if (error instanceof ConfigError) throw error
  }
}
