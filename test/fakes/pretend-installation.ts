import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type ContainerSpec, createHost, INSTANT, type PretendHost, startEngine } from '@lxc-autoscale/simulator'
import { stringify } from 'yaml'
import { merged, type Settings } from '../builders/merged-settings.ts'
import { nodeFile, programFile } from './program-file.ts'
import { SpawnedDaemon } from './spawned-daemon.ts'

const DAEMONS = {
  monitor: { bin: 'monitor/bin/lxc-monitor.mjs', file: 'lxc_monitor.yaml' },
  model: { bin: 'model/bin/lxc-autoscale-ml.mjs', file: 'lxc_autoscale_ml.yaml' },
  api: { bin: 'api/bin/lxc-autoscale-api.mjs', file: 'lxc_autoscale_api.yaml' },
} as const
export type DaemonName = keyof typeof DAEMONS
export const DAEMON_NAMES: readonly DaemonName[] = ['monitor', 'model', 'api']

const COMMAND = 'cli/bin/lxc-autoscale.mjs'
const MODEL_KEY = 'a-key-of-the-model-0001'

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The built programs as they are on a host after an installation, on a pretend host and in a folder of their own. */
export class PretendInstallation {
  readonly directory: string
  readonly host: PretendHost
  readonly #daemons: SpawnedDaemon[] = []
  readonly #stopEngine = new AbortController()
  #engine: Promise<void> = Promise.resolve()
  #apiPort = 0
  #programs: string | undefined

  private constructor(directory: string, host: PretendHost) {
    this.directory = directory
    this.host = host
    mkdirSync(this.configDir)
    mkdirSync(this.stateDirectory)
    writeFileSync(this.keyFile, `${MODEL_KEY}\n`)
    for (const name of DAEMON_NAMES) this.configure(name)
  }

  /** @param pastDays for how long Proxmox has kept what they used; left out: it keeps nothing. */
  static async create(containers: readonly ContainerSpec[] = [{ vmid: 101, shape: 'steady' }], pastDays?: number) {
    const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-installed-'))
    const host = await createHost({ root: join(directory, 'host'), containers, settings: INSTANT, pastDays })
    return new PretendInstallation(directory, host)
  }

  /** On a host that is there already: a node of a pretend cluster, whose loads somebody else moves. */
  static on(host: PretendHost): PretendInstallation {
    return new PretendInstallation(mkdtempSync(join(tmpdir(), 'lxc-autoscale-installed-')), host)
  }

  get configDir(): string {
    return join(this.directory, 'etc')
  }

  get stateDirectory(): string {
    return join(this.directory, 'lib')
  }

  get keyFile(): string {
    return join(this.configDir, 'api.key')
  }

  get metricsFile(): string {
    return join(this.directory, 'lxc_metrics.json')
  }

  get lockFile(): string {
    return join(this.directory, 'lxc_autoscale_ml.lock')
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#apiPort}`
  }

  configFile(name: DaemonName): string {
    return join(this.configDir, DAEMONS[name].file)
  }

  /** Writes the configuration of a daemon: the usual one with `changes` in its sections. */
  configure(name: DaemonName, changes: Settings = {}): void {
    writeFileSync(this.configFile(name), stringify(merged(this.#usual()[name], changes)))
  }

  /** Daemons are started from the programs in `folder` from now on, or from those that were built. */
  use(folder: string | undefined): void {
    this.#programs = folder
  }

  /** Loads move, `speed` times as fast as the clock. */
  moveLoads(speed: number): void {
    this.#engine = startEngine(this.host.root, { speed, signal: this.#stopEngine.signal })
  }

  start(name: DaemonName, ...words: string[]): SpawnedDaemon {
    return this.run(name, '--config', this.configFile(name), ...words)
  }

  /** Starts a daemon with these words only. */
  run(name: DaemonName, ...words: string[]): SpawnedDaemon {
    const { bin } = DAEMONS[name]
    const program = this.#programs === undefined ? bin : join(this.#programs, basename(bin))
    const daemon = new SpawnedDaemon(program, words, this.#environment())
    this.#daemons.push(daemon)
    return daemon
  }

  /** Starts the API on a free port, of which the configuration of the model then knows. */
  async startApi(): Promise<SpawnedDaemon> {
    const api = this.start('api')
    const [, port] = await api.says(/listening host=\S+ port=(\d+)/)
    this.#apiPort = Number(port)
    this.configure('model')
    return api
  }

  /** Runs `lxc-autoscale WORDS` to its end, with the configuration of this installation where the command takes one. */
  command(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const env = { ...process.env, ...this.#environment(), ...environment }
    return new Promise(resolve => {
      execFile(nodeFile(), [programFile(COMMAND), ...words], { env, cwd: this.directory }, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
    })
  }

  hasStatus(): boolean {
    return existsSync(this.#statusFile)
  }

  readStatus(): string {
    return readFileSync(this.#statusFile, 'utf8')
  }

  get #statusFile(): string {
    return join(this.stateDirectory, 'model-status.json')
  }

  /** Stops every process that was started here and removes everything. */
  async remove(): Promise<void> {
    await Promise.all(this.#daemons.map(daemon => daemon.end('SIGTERM')))
    this.#stopEngine.abort()
    await this.#engine
    rmSync(this.directory, { recursive: true, force: true })
  }

  #environment() {
    return { PATH: `${this.host.paths.bin}:${process.env['PATH']}`, NODE_ENV: 'production' }
  }

  #usual(): Readonly<Record<DaemonName, Settings>> {
    const { proc, cgroup, pve } = this.host.paths
    const host = { proc, cgroup, pve }
    const log = (name: string) => join(this.directory, `${name}.log`)
    return {
      monitor: {
        // On a busy machine a thread takes long to start; one that is late counts as hung, and the monitor cannot end it.
        monitoring: { export_file: this.metricsFile, check_interval: 1, filesystem_timeout_seconds: 5 },
        logging: { log_file: log('monitor') },
        metrics: { port: 0 },
        host,
      },
      model: {
        interval_seconds: 1,
        data_file: this.metricsFile,
        max_metrics_age_seconds: 60,
        lock_file: this.lockFile,
        log_file: log('model'),
        metrics: { port: 0 },
        state: { directory: this.stateDirectory },
        api: { api_url: this.apiUrl, api_key_file: this.keyFile },
        scaling: QUICK_SCALING,
        host,
      },
      api: {
        server: { port: 0 },
        authentication: { key_file: this.keyFile },
        state: { directory: this.stateDirectory },
        health: {
          metrics_file: this.metricsFile,
          model_lock_file: this.lockFile,
          model_status_file: this.#statusFile,
        },
        logging: { log_file: log('api') },
        host: { ...host, rrd: this.host.paths.rrd },
      },
    }
  }
}

/** What takes minutes or hours on a real host is done in seconds. */
const QUICK_SCALING = {
  policy: 'threshold',
  min_ram_mb: 128,
  learning_hours: 0,
  max_changes_per_hour: 60,
  grow_cooldown_seconds: 1,
  shrink_cooldown_seconds: 1,
  start_grace_seconds: 0,
  host_memory_reserve_mb: 0,
}
