import { rename } from 'node:fs/promises'
import { AutoscaleError, errorMessage, type Logger, systemErrorCode } from '@lxc-autoscale/core'
import { z } from 'zod'

/**
 * What `read` makes of the file at `path`; undefined when there is none. A file that cannot be used is renamed to
 * `PATH.damaged`, which is said in the log, and counts as none: what it held is learned anew.
 * @param onDamage told when there is such a file
 */
export async function readOrSetAside<Content>(
  path: string,
  log: Logger,
  read: (path: string) => Content,
  onDamage: () => void = () => undefined,
): Promise<Content | undefined> {
  try {
    return read(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    const isExpected = error instanceof AutoscaleError || systemErrorCode(error) !== undefined
    if (!isExpected) throw error
    onDamage()
    const aside = `${path}.damaged`
    log.warn({ file: path, problem: errorMessage(error), kept_as: aside }, 'saved state cannot be used; starting anew')
    await rename(path, aside).catch(() => undefined) // It is replaced by the next save anyway.
    return undefined
  }
}

/**
 * The JSON that `text` is, checked. `place` names it where there is more than one.
 * @throws {AutoscaleError} STATE_INVALID when it is damaged or of another version.
 */
export function parseState<Schema extends z.ZodType>(schema: Schema, text: string, place = ''): z.output<Schema> {
  const result = schema.safeParse(parseJson(text))
  if (result.success) return result.data
  throw new AutoscaleError('STATE_INVALID', `${place}${z.prettifyError(result.error).replaceAll('\n', ' ')}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AutoscaleError('STATE_INVALID', `not JSON: ${errorMessage(error)}`, { cause: error })
  }
}
