import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  AutoscaleError,
  type ConfigRules,
  errorMessage,
  loadConfig,
  parseConfig,
  readRegularFile,
} from '@lxc-autoscale/core'
import type { z } from 'zod'

/** More than what the model says of a thousand containers. */
const MOST_STATE_BYTES = 67_108_864

/**
 * The configuration in `file` of `configDir`, all defaults when there is no such file.
 * @throws {ConfigError} naming every problem.
 */
export function installedConfig<Schema extends z.ZodType>(
  configDir: string,
  name: string,
  rules: ConfigRules<Schema>,
): z.output<Schema> {
  const file = join(configDir, name)
  return (existsSync(file) ? loadConfig(file, rules) : parseConfig({ file, text: '' }, rules)).config
}

/** The JSON that `file` holds, checked; undefined when there is no such file. */
export function readJsonFile<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> | undefined {
  if (!existsSync(file)) return undefined
  const parsed = schema.safeParse(parseJson(file))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AutoscaleError(
    'STATE_INVALID',
    `${file}: damaged or of another version (${issue?.path.join('.')}: ${issue?.message}); delete it and try again`,
  )
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readRegularFile(file, MOST_STATE_BYTES))
  } catch (error) {
    if (error instanceof AutoscaleError) throw error
    const code = error instanceof SyntaxError ? 'STATE_INVALID' : 'HOST_UNREADABLE'
    const mend = error instanceof SyntaxError ? '; delete it and try again' : ''
    throw new AutoscaleError(code, `${file}: ${errorMessage(error)}${mend}`, { cause: error })
  }
}
