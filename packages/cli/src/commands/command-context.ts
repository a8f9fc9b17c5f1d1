import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AutoscaleError, operatorKey, readConfigValues } from '@lxc-autoscale/core'
import type { Command } from 'commander'
import { z } from 'zod'
import { ApiClient } from '../api/api-client.ts'
import { standardTerminal, type Terminal } from '../output/terminal.ts'
import { readText } from '../read-text.ts'
import { folderArgument, urlArgument } from './arguments.ts'

/** Options that every command that talks to the API or reads the host's files has. */
export interface HostOptions {
  readonly configDir: string
  readonly url?: string
  readonly keyFile?: string
  readonly json?: boolean
}

export const CONFIG_FILES = {
  monitor: 'lxc_monitor.yaml',
  model: 'lxc_autoscale_ml.yaml',
  api: 'lxc_autoscale_api.yaml',
} as const

/** The environment variable that may hold the API key, so that it stands in no command line. */
const API_KEY_VARIABLE = 'LXC_AUTOSCALE_API_KEY'

export function withHostOptions(command: Command): Command {
  return command
    .option('--config-dir <folder>', 'where the three configuration files are', folderArgument, '/etc/lxc_autoscale_ml')
    .option('--url <url>', 'address of the scaling API (default: as configured)', urlArgument)
    .option('--key-file <file>', `file with the API key (default: as configured; ${API_KEY_VARIABLE} comes first)`)
    .option('--json', 'print JSON')
}

export interface CommandContext {
  readonly terminal: Terminal
  readonly api: ApiClient
  readonly configDir: string
}

export function commandContext(
  options: HostOptions,
  environment: Readonly<Record<string, string | undefined>>,
): CommandContext {
  const configured = configuredApi(options.configDir)
  const apiKey = environment[API_KEY_VARIABLE] ?? keyOf(options.keyFile, configured)
  return {
    terminal: standardTerminal(options.json ?? false),
    api: new ApiClient({ url: (options.url ?? configured.url).replace(/\/+$/, ''), apiKey }),
    configDir: options.configDir,
  }
}

/** A key file that was asked for must be there; the configured one need not. */
function keyOf(askedFile: string | undefined, configured: ConfiguredApi): string | undefined {
  if (askedFile !== undefined) {
    const key = operatorKey(readText(askedFile))
    if (key === undefined) throw new AutoscaleError('INVALID_REQUEST', `--key-file: ${askedFile} holds no key`)
    return key
  }
  if (configured.apiKey !== undefined) return configured.apiKey
  return existsSync(configured.keyFile) ? operatorKey(readText(configured.keyFile)) : undefined
}

interface ConfiguredApi {
  readonly url: string
  readonly apiKey: string | undefined
  readonly keyFile: string
}

/** Where the model's configuration says that the API is; the model reaches it from this host too. */
function configuredApi(configDir: string): ConfiguredApi {
  const file = join(configDir, CONFIG_FILES.model)
  const section = existsSync(file) ? apiSection(file) : {}
  return {
    url: section.api_url ?? 'http://127.0.0.1:5000',
    apiKey: section.api_key,
    keyFile: section.api_key_file ?? join(configDir, 'api.key'),
  }
}

/** Only what is needed of it, so that a mistake elsewhere in the file keeps nobody from looking at the containers. */
const ApiSection = z.looseObject({
  api: z
    .looseObject({
      api_url: z.string().optional(),
      api_key: z.string().optional(),
      api_key_file: z.string().optional(),
    })
    .optional(),
})

/** @throws {ConfigError} when `file` is no YAML. */
function apiSection(file: string): NonNullable<z.output<typeof ApiSection>['api']> {
  const result = ApiSection.safeParse(readConfigValues(file))
  return result.data?.api ?? {}
}
