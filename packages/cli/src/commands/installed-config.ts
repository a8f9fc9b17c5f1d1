import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigRules, parseConfig } from '@lxc-autoscale/core'
import type { z } from 'zod'
import { readConfigText } from '../read-text.ts'

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
  return parseConfig({ file, text: existsSync(file) ? readConfigText(file) : '' }, rules).config
}
