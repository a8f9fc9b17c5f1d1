import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createHost,
  type HostSpec,
  INSTANT,
  type PretendHost,
  type PretendRest,
  type PretendRestOptions,
  startPretendRest,
} from '@lxc-autoscale/simulator'
import { stringify } from 'yaml'
import { SpawnedDaemon } from './spawned-daemon.ts'

/** Keys that a daemon of a test knows, by what they may do. */
export const KEYS = {
  admin: 'admin-key-0001',
  scale: 'scale-key-0002',
  read: 'read-key-0003',
  only101: 'only101-key-04',
} as const

export interface ApiRequest {
  readonly method?: string
  /** Sent as JSON, unless it is a text, which is sent as it stands. */
  readonly body?: unknown
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was answered
  readonly json: any
}

/** How a daemon drives its host; over `rest` there is no command of Proxmox to be run. */
export type Backend = 'pct' | 'rest'
const NO_COMMANDS = ['pct', 'pvesh', 'pvecm'] as const

export interface ApiDaemonOptions extends Omit<HostSpec, 'root'> {
  readonly backend?: Backend
  readonly rest?: PretendRestOptions
  /** Parts of the configuration that are not the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
}

/** The built API daemon on a pretend host of its own. */
export class ApiDaemon {
  /** How daemons drive their host for which a test does not say it: a whole suite can be run over the other way. */
  static usual: Pick<ApiDaemonOptions, 'backend' | 'rest'> = {}
  readonly host: PretendHost
  /** Undefined over `pct`. */
  rest: PretendRest | undefined
  readonly directory: string
  readonly #configFile: string
  readonly #environment: Readonly<Record<string, string>>
  daemon: SpawnedDaemon
  port = 0

  private constructor(
    { host, directory }: { host: PretendHost; directory: string },
    configFile: string,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.host = host
    this.directory = directory
    this.#configFile = configFile
    this.#environment = environment
    this.daemon = this.#spawn()
  }

  static async start(options: ApiDaemonOptions): Promise<ApiDaemon> {
    const { config, settings, environment, backend, rest: restOptions, ...spec } = { ...ApiDaemon.usual, ...options }
    const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-api-'))
    const commands = backend === 'rest' ? { missingCommands: NO_COMMANDS } : {}
    const host = await createHost({
      root: join(directory, 'host'),
      settings: { ...INSTANT, ...commands, ...settings },
      ...spec,
    })
    const rest = backend === 'rest' ? await startPretendRest(host, restOptions) : undefined
    const configFile = join(directory, 'api.yaml')
    const { proc, cgroup, pve, rrd } = host.paths
    const usual = {
      server: { port: 0 },
      authentication: {
        key_file: '',
        api_keys: [
          { name: 'admin', key: KEYS.admin, role: 'admin' },
          { name: 'model', key: KEYS.scale, role: 'scale' },
          { name: 'viewer', key: KEYS.read, role: 'read' },
          { name: 'only101', key: KEYS.only101, role: 'scale', containers: [101] },
        ],
      },
      state: { directory: join(directory, 'state') },
      logging: { log_file: join(directory, 'api.log') },
      health: { metrics_file: '', model_lock_file: '', model_status_file: '' },
      // Who is not root and has no helper cannot read what only root may.
      host: { proc, cgroup, pve, rrd: rest === undefined ? rrd : join(directory, 'not-for-us') },
    }
    const lxc = { ...lxcOverRest(rest), ...asSection(config?.['lxc']) }
    writeFileSync(configFile, stringify({ ...usual, ...config, lxc }))
    const api = new ApiDaemon({ host, directory }, configFile, environment)
    api.rest = rest
    await api.#listening()
    return api
  }

  /** Starts it again on the same host and the same state. */
  async restart(): Promise<void> {
    this.daemon = this.#spawn()
    await this.#listening()
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What it answers; with the admin key unless another one (or none: '') is given. */
  ask(path: string, { method, body, key = KEYS.admin, headers = {} }: ApiRequest = {}): Promise<ApiAnswer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const all = {
      ...(key === '' ? {} : { 'x-api-key': key }),
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      ...headers,
    }
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.port,
        path,
        method: method ?? (text === undefined ? 'GET' : 'POST'),
        headers: all,
      }
      const asked = httpRequest(options, response => {
        const parts: Buffer[] = []
        response.on('data', part => parts.push(part))
        response.on('end', () => {
          const answer = Buffer.concat(parts).toString('utf8')
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, json: parse(answer) })
        })
      })
      asked.on('error', reject)
      asked.end(text)
    })
  }

  /** Stops it and removes everything. */
  async stop(): Promise<void> {
    await this.daemon.end('SIGTERM')
    await this.rest?.close()
    rmSync(this.directory, { recursive: true, force: true })
  }

  #spawn(): SpawnedDaemon {
    const environment = { ...this.#environment, PATH: `${this.host.paths.bin}:${process.env['PATH']}` }
    return new SpawnedDaemon('api/bin/lxc-autoscale-api.mjs', ['--config', this.#configFile], environment)
  }

  async #listening(): Promise<void> {
    const [, port] = await this.daemon.says(/listening host=\S+ port=(\d+)/)
    this.port = Number(port)
  }
}

function asSection(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** The section `lxc` that drives a host over its REST interface. */
function lxcOverRest(rest: PretendRest | undefined): object {
  if (rest === undefined) return {}
  return { backend: 'rest', rest: { url: rest.url, token_file: rest.tokenFile, ca_file: rest.caFile } }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A page or the metrics: the test looks at the text.
    return undefined
  }
}
