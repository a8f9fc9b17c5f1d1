import type { z } from 'zod'
import { AutoscaleError, errorMessage, systemErrorCode } from '../errors.ts'
import { readRegularFile } from './regular-file.ts'

/** More than what the model says of a thousand containers. */
const MOST_BYTES = 67_108_864

/**
 * The JSON that `file` holds, checked; undefined when there is no such file.
 * @throws {AutoscaleError} STATE_INVALID when it holds something else, HOST_UNREADABLE when it cannot be read.
 */
export function readJsonFile<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> | undefined {
  const value = parseJson(file)
  if (value === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AutoscaleError(
    'STATE_INVALID',
    `${file}: damaged or of another version (${issue?.path.join('.')}: ${issue?.message}); delete it and try again`,
  )
}

/** Undefined when there is no such file: JSON has no such value. */
function parseJson(file: string): unknown {
  try {
    return JSON.parse(readRegularFile(file, MOST_BYTES))
  } catch (error) {
    if (error instanceof AutoscaleError) throw error
    if (systemErrorCode(error) === 'ENOENT') return undefined
    const code = error instanceof SyntaxError ? 'STATE_INVALID' : 'HOST_UNREADABLE'
    const mend = error instanceof SyntaxError ? '; delete it and try again' : ''
    throw new AutoscaleError(code, `${file}: ${errorMessage(error)}${mend}`, { cause: error })
  }
}
