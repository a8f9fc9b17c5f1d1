import type { z } from 'zod'
import { ConfigError, errorMessage, systemErrorCode } from '../errors.ts'
import { readRegularBytes } from '../files/regular-file.ts'
import { decodeText } from './decode-text.ts'
import { type ConfigRules, keyText, type ParsedConfig, parseConfig } from './parse-config.ts'
import { readYaml } from './yaml-values.ts'

/** More than the settings of ten thousand containers. */
const MOST_CONFIG_BYTES = 1_048_576

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'is not there: write one; an empty file gives every default, lxc-autoscale config reference names every key',
  ENOTDIR: 'is not there: what it should lie in is no folder',
  EACCES: 'may not be read by this user: see its owner and mode',
  EPERM: 'may not be read by this user: see its owner and mode',
}

/**
 * The configuration in `file`, whatever bytes stand there. The only way in which a file becomes a configuration.
 * @throws {ConfigError} naming every problem.
 */
export function loadConfig<Schema extends z.ZodType>(
  file: string,
  rules: ConfigRules<Schema>,
): ParsedConfig<z.output<Schema>> {
  return parseConfig({ file, text: readConfigText(file) }, rules)
}

/**
 * What stands in a configuration file, unchecked: for those who need little of it, whom a mistake elsewhere must not stop.
 * @throws {ConfigError} when it is no YAML at all.
 */
export function readConfigValues(file: string): unknown {
  const { value, problems } = readYaml(readConfigText(file), 'ours')
  if (value !== undefined || problems.length === 0) return value
  throw new ConfigError(problems.map(({ path, line, message }) => ({ file, line, key: keyText(path), message })))
}

/** The text of a configuration file. @throws {ConfigError} when it cannot be read, or is no text. */
export function readConfigText(file: string): string {
  return decodeText(file, readBytes(file))
}

function readBytes(file: string): Uint8Array {
  try {
    return readRegularBytes(file, MOST_CONFIG_BYTES)
  } catch (error) {
    const message = errorMessage(error)
    const known = WHY[systemErrorCode(error) ?? '']
    const why =
      known ?? (message.startsWith(`${file}: `) ? message.slice(file.length + 2) : `cannot be read: ${message}`)
    throw new ConfigError([{ file, line: undefined, key: '', message: why }])
  }
}
