import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigRules, loadConfig, parseConfig } from '@lxc-autoscale/core'
import type { z } from 'zod'

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
