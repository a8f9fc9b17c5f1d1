import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost, type HostSpec, INSTANT, type PretendHost } from '@lxc-autoscale/simulator'
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

export interface ApiDaemonOptions extends Omit<HostSpec, 'root'> {
  /** Parts of the configuration that are not the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
}

/** The built API daemon on a pretend host of its own. */
export class ApiDaemon {
  readonly host: PretendHost
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

  static async start({ config, settings, environment, ...spec }: ApiDaemonOptions): Promise<ApiDaemon> {
    const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-api-'))
    const host = await createHost({ root: join(directory, 'host'), settings: { ...INSTANT, ...settings }, ...spec })
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
      host: { proc, cgroup, pve, rrd },
    }
    writeFileSync(configFile, stringify({ ...usual, ...config }))
    const api = new ApiDaemon({ host, directory }, configFile, environment)
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A page or the metrics: the test looks at the text.
    return undefined
  }
}
