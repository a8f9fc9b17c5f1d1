import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutoscaleError, errorMessage } from '@lxc-autoscale/core'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { ApiClient } from '../api/api-client.ts'
import { standardTerminal, type Terminal } from '../output/terminal.ts'

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
export const API_KEY_VARIABLE = 'LXC_AUTOSCALE_API_KEY'

/** Adds the options of HostOptions to a command. */
export function withHostOptions(command: Command): Command {
  return command
    .option('--config-dir <folder>', 'where the three configuration files are', '/etc/lxc_autoscale_ml')
    .option('--url <url>', 'address of the scaling API (default: as configured)')
    .option('--key-file <file>', `file with the API key (default: as configured; ${API_KEY_VARIABLE} comes first)`)
    .option('--json', 'print JSON')
}

/** What a command works with. */
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
  const apiKey =
    environment[API_KEY_VARIABLE] ?? firstKey(options.keyFile ?? configured.keyFile, options.keyFile !== undefined)
  return {
    terminal: standardTerminal(options.json ?? false),
    api: new ApiClient({ url: (options.url ?? configured.url).replace(/\/+$/, ''), apiKey }),
    configDir: options.configDir,
  }
}

interface ConfiguredApi {
  readonly url: string
  readonly keyFile: string
}

/** Where the model's configuration says that the API is; the model reaches it from this host too. */
function configuredApi(configDir: string): ConfiguredApi {
  const file = join(configDir, CONFIG_FILES.model)
  const section = existsSync(file) ? apiSection(file) : {}
  return {
    url: section.api_url ?? 'http://127.0.0.1:5000',
    keyFile: section.api_key_file ?? join(configDir, 'api.key'),
  }
}

function apiSection(file: string): { api_url?: string; api_key_file?: string } {
  const text = readText(file)
  const document: unknown = parse(text)
  const api: unknown = typeof document === 'object' && document !== null && 'api' in document ? document.api : undefined
  if (typeof api !== 'object' || api === null) return {}
  return {
    ...('api_url' in api && typeof api.api_url === 'string' ? { api_url: api.api_url } : {}),
    ...('api_key_file' in api && typeof api.api_key_file === 'string' ? { api_key_file: api.api_key_file } : {}),
  }
}

/** The first key of a key file; comments and blank lines are passed over. */
function firstKey(file: string, isAsked: boolean): string | undefined {
  if (!isAsked && !existsSync(file)) return undefined
  return readText(file)
    .split('\n')
    .map(line => line.trim())
    .find(line => line !== '' && !line.startsWith('#'))
    ?.split(':')
    .at(-1)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new AutoscaleError('HOST_UNREADABLE', `${file}: ${errorMessage(error)}`, { cause: error })
  }
}
