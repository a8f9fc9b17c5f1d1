import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Fault as CommandFault,
  createHost,
  Engine,
  type HostSettings,
  hostMonotonicMs,
  INSTANT,
  type PretendHost,
  runPct,
  updateSettings,
} from '@lxc-autoscale/simulator'
import { stringify } from 'yaml'
import { merged, type Settings } from '../builders/merged-settings.ts'
import { nodeFile, programFile } from '../fakes/program-file.ts'
import { DAEMON_NAMES, type DaemonName } from './daemon-names.ts'
import { Network } from './network.ts'
import type { Kill } from './record.ts'
import type { RoundPlan } from './schedule.ts'
import { SupervisedDaemon } from './supervised-daemon.ts'
import { writeOver } from './write-over.ts'

const BINS: Readonly<Record<DaemonName, string>> = {
  monitor: 'monitor/bin/lxc-monitor.mjs',
  model: 'model/bin/lxc-autoscale-ml.mjs',
  api: 'api/bin/lxc-autoscale-api.mjs',
}
const CONFIG_FILES: Readonly<Record<DaemonName, string>> = {
  monitor: 'lxc_monitor.yaml',
  model: 'lxc_autoscale_ml.yaml',
  api: 'lxc_autoscale_api.yaml',
}
const MODEL_KEY = 'a-key-of-the-model-0001'
export const CLIENT_KEY = 'a-key-of-the-client-0002'
/** Room for all that the daemons write, and little enough to be filled at once. */
const DISK_OPTIONS = 'size=24m,nr_inodes=600'
const FAKE_TIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const SHORTEST_STEP_MS = 100
const STEP_MS_PER_CONTAINER = 4

/** What this machine lets us do; what it does not is left out, and said. */
export interface Abilities {
  readonly canMount: boolean
  readonly canFakeTime: boolean
  readonly canSlowSync: boolean
}

export function findAbilities(): Abilities {
  return {
    canMount: process.getuid?.() === 0 && canMount(),
    canFakeTime: existsSync(FAKE_TIME),
    canSlowSync: process.getuid?.() === 0 && spawnSync('strace', ['-V']).status === 0,
  }
}

function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-mount-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'none', directory]).status === 0
  if (isMounted) spawnSync('umount', [directory])
  rmSync(directory, { recursive: true })
  return isMounted
}

/** A pretend host with the three daemons as they are installed on it, for one round. */
export class Site {
  readonly directory: string
  readonly plan: RoundPlan
  readonly abilities: Abilities
  readonly daemons: Readonly<Record<DaemonName, SupervisedDaemon>>
  readonly host: PretendHost
  readonly network: Network
  readonly kills: Kill[] = []
  /** Kernel files that say something else than the engine says, by their path. */
  readonly kernelTexts = new Map<string, string>()
  readonly apiPort: number
  /** Called before a file of state is damaged, so that what stands in it is seen. */
  beforeStateDamage: () => void = () => undefined
  /** Calls something with the first command of the API that begins with these words; with nothing, no longer. */
  onCommand: (words: string, act: (() => unknown) | undefined) => void = () => undefined
  /** The same with the first thing that a command of the API does to a container. */
  onDeed: (vmid: number, act: (() => unknown) | undefined) => void = () => undefined
  #startMs = hostMonotonicMs()
  #overlays = new Map<string, Partial<HostSettings>>()
  #commandFaults = new Map<string, CommandFault>()
  #isOver = false
  #engine: Promise<void> = Promise.resolve()

  private constructor(parts: {
    directory: string
    plan: RoundPlan
    abilities: Abilities
    host: PretendHost
    network: Network
    apiPort: number
    root: string
  }) {
    this.directory = parts.directory
    this.plan = parts.plan
    this.abilities = parts.abilities
    this.host = parts.host
    this.network = parts.network
    this.apiPort = parts.apiPort
    for (const folder of [this.configDirectory, this.stateDirectory, this.logDirectory, this.asideDirectory]) {
      mkdirSync(folder, { recursive: true })
    }
    writeFileSync(join(this.configDirectory, 'api.key'), `${MODEL_KEY}\n`)
    writeFileSync(this.clockFile, '+0\n')
    for (const name of DAEMON_NAMES) this.configure(name)
    const daemon = (name: DaemonName) =>
      new SupervisedDaemon({
        name,
        program: nodeFile(),
        words: [programFile(BINS[name], parts.root), '--config', this.configFile(name)],
        environment: this.#environment(),
      })
    this.daemons = { monitor: daemon('monitor'), model: daemon('model'), api: daemon('api') }
  }

  /** @param root of the repository */
  static async create(plan: RoundPlan, abilities: Abilities, root: string): Promise<Site> {
    const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-prove-'))
    const disk = join(directory, 'disk')
    mkdirSync(disk)
    if (abilities.canMount) execFileSync('mount', ['-t', 'tmpfs', '-o', DISK_OPTIONS, 'none', disk])
    const { pctDelayMs, hostCores, hostMemoryMb } = plan.settings
    const settings = { ...INSTANT, pctDelayMs, lockTimeoutMs: 3_000, cpusetPassMs: 2_000, keepsJournal: true }
    const host = await createHost({
      root: join(directory, 'host'),
      seed: plan.seed,
      hostCores,
      hostMemoryMb,
      containers: plan.containers,
      settings: { ...settings, nodes: ['pve', 'other'] },
    })
    writeFileSync(host.paths.journal, '', { flag: 'a' })
    const apiPort = await freePort()
    const network = await Network.start(apiPort, plan.seed)
    return new Site({ directory, plan, abilities, host, network, apiPort, root })
  }

  get configDirectory(): string {
    return join(this.directory, 'etc')
  }

  get diskDirectory(): string {
    return join(this.directory, 'disk')
  }

  get stateDirectory(): string {
    return join(this.diskDirectory, 'lib')
  }

  get logDirectory(): string {
    return join(this.diskDirectory, 'log')
  }

  /** For what a fault puts out of the way. */
  get asideDirectory(): string {
    return join(this.directory, 'aside')
  }

  get metricsFile(): string {
    return join(this.logDirectory, 'lxc_metrics.json')
  }

  get auditFile(): string {
    return join(this.stateDirectory, 'audit.jsonl')
  }

  get statusFile(): string {
    return join(this.stateDirectory, 'model-status.json')
  }

  get clockFile(): string {
    return join(this.directory, 'clock')
  }

  configFile(name: DaemonName): string {
    return join(this.configDirectory, CONFIG_FILES[name])
  }

  get startMs(): number {
    return this.#startMs
  }

  /** Milliseconds since the round was begun. */
  nowMs(): number {
    return hostMonotonicMs() - this.#startMs
  }

  /** All is running: time is counted from now on. */
  begin(): void {
    this.#startMs = hostMonotonicMs()
    this.kills.length = 0
  }

  /** Writes the configuration of a daemon: the usual one with `changes` in its sections. */
  configure(name: DaemonName, changes: Settings = {}): void {
    writeFileSync(this.configFile(name), stringify(merged(this.#usual()[name], changes)))
  }

  /** Begins to move the loads. */
  startEngine(): void {
    this.#engine = this.#runEngine()
  }

  /** `pct WORDS` by a person whose process is running already, as that of the web interface. */
  async pct(...words: readonly string[]): Promise<number> {
    const { exitCode } = await runPct(this.host.root, words, {
      nowMs: () => Date.now(),
      sleep: () => Promise.resolve(),
    })
    return exitCode
  }

  /** Changes how the host behaves, until it is called again with the same name and nothing. */
  async setHost(name: string, settings: Partial<HostSettings> | undefined): Promise<void> {
    if (settings === undefined) this.#overlays.delete(name)
    else this.#overlays.set(name, settings)
    await this.#applyHost()
  }

  /** The same for something that goes wrong with a command. */
  async setCommandFault(name: string, fault: CommandFault | undefined): Promise<void> {
    if (fault === undefined) this.#commandFaults.delete(name)
    // A person of a round is this process, and does what he is to do.
    else this.#commandFaults.set(name, { ...fault, exceptPid: process.pid })
    await this.#applyHost()
  }

  /** Ends the engine and the network and removes everything; the daemons have been stopped. */
  async remove(): Promise<void> {
    await this.stopEngine()
    await this.network.close()
    this.#unmount()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Ends and removes everything at once: this process is about to end. */
  abandon(): void {
    for (const pid of DAEMON_NAMES.flatMap(name => this.daemons[name].pids())) process.kill(pid, 'SIGKILL')
    this.#unmount()
    rmSync(this.directory, { recursive: true, force: true })
  }

  async stopEngine(): Promise<void> {
    this.#isOver = true
    await this.#engine
  }

  #unmount(): void {
    if (!this.abilities.canMount) return
    spawnSync('chattr', ['-R', '-i', this.diskDirectory])
    spawnSync('umount', ['-l', this.diskDirectory])
  }

  async #applyHost(): Promise<void> {
    const faults = [...this.#commandFaults.values()]
    const { pctDelayMs } = this.plan.settings
    const usual = {
      pctDelayMs,
      quorate: true,
      pmxcfs: 'ok',
      missingCommands: [],
      otherMemoryMb: 0,
      addedMemoryMb: {},
      offlineNodes: [],
      localeWarning: false,
      randomExitCodes: false,
    } as const
    const overlays = [...this.#overlays.values()]
    const addedMemoryMb = Object.assign({}, ...overlays.map(overlay => overlay.addedMemoryMb ?? {}))
    await updateSettings(this.host.root, { ...usual, ...Object.assign({}, ...overlays), addedMemoryMb, faults })
  }

  async #runEngine(): Promise<void> {
    const engine = new Engine(this.host.root, { speed: this.plan.settings.loadSpeed })
    let lastMs = hostMonotonicMs()
    while (!this.#isOver) {
      const count = this.plan.containers.length
      await new Promise(resolve => setTimeout(resolve, Math.max(SHORTEST_STEP_MS, count * STEP_MS_PER_CONTAINER)))
      const nowMs = hostMonotonicMs()
      const events = await stepOf(engine, nowMs - lastMs)
      lastMs = nowMs
      for (const event of events) {
        if (event.kind === 'cpuset') continue
        const where = event.kind === 'oom-kill' ? 'own limit' : 'inner limit'
        this.kills.push({ atMs: this.nowMs(), vmid: event.vmid, kills: event.kills, where })
      }
      for (const [path, text] of this.kernelTexts) writeOver(path, text)
    }
  }

  #environment() {
    const path = `${this.host.paths.bin}:${process.env['PATH']}`
    const usual = { PATH: path, NODE_ENV: 'production', NODE_OPTIONS: undefined }
    if (!this.plan.settings.hasFakeClock || !this.abilities.canFakeTime) return usual
    return {
      ...usual,
      LD_PRELOAD: FAKE_TIME,
      FAKETIME_TIMESTAMP_FILE: this.clockFile,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
  }

  #usual(): Readonly<Record<DaemonName, Settings>> {
    const { proc, cgroup, pve } = this.host.paths
    const { settings } = this.plan
    const host = { proc, cgroup, pve }
    const log = (name: string) => join(this.logDirectory, `${name}.log`)
    const rotation = { log_max_bytes: settings.logMaxBytes, log_backup_count: settings.logBackups }
    return {
      monitor: {
        monitoring: {
          export_file: this.metricsFile,
          check_interval: settings.intervalMs / 1_000,
          max_metrics_entries: 120,
          filesystem_timeout_seconds: 0.5,
        },
        logging: { log_file: log('monitor'), ...rotation },
        metrics: { port: 0 },
        host,
      },
      model: {
        interval_seconds: settings.intervalMs / 1_000,
        data_file: this.metricsFile,
        max_metrics_age_seconds: settings.maxMetricsAgeMs / 1_000,
        lock_file: join(this.diskDirectory, 'lib', 'model.lock'),
        log_file: log('model'),
        ...rotation,
        metrics: { port: 0 },
        state: { directory: this.stateDirectory, save_interval_minutes: settings.saveIntervalMinutes },
        api: {
          api_url: `http://127.0.0.1:${this.network.port}`,
          api_key_file: join(this.configDirectory, 'api.key'),
          timeout_seconds: 8,
        },
        retry_logic: { max_retries: 2, retry_delay: 0.2 },
        circuit_breaker: { failure_threshold: 5, timeout_seconds: 2 },
        scaling: {
          policy: settings.policy,
          dry_run: settings.isDryRun,
          min_cpu_cores: settings.model.minCores,
          max_cpu_cores: settings.model.maxCores,
          min_ram_mb: settings.model.minMemoryMb,
          max_ram_mb: settings.model.maxMemoryMb,
          ram_scale_step_mb: 256,
          learning_hours: 0,
          max_changes_per_hour: settings.maxChangesPerHour,
          grow_cooldown_seconds: 1,
          shrink_cooldown_seconds: settings.shrinkCooldownMs / 1_000,
          truce_hours: settings.truceMs / 3_600_000,
          quarantine_hours: 0.002,
          start_grace_seconds: 0,
          host_memory_reserve_mb: 0,
        },
        host,
      },
      api: {
        server: { port: this.apiPort },
        authentication: {
          key_file: join(this.configDirectory, 'api.key'),
          api_keys: [{ name: 'client', key: CLIENT_KEY, role: 'admin' }],
        },
        lxc: { timeout_seconds: 4, resize_timeout_seconds: 6, snapshot_timeout_seconds: 8, clone_timeout_seconds: 8 },
        safety: {
          limits: {
            min_cores: settings.api.minCores,
            max_cores: settings.api.maxCores,
            min_memory_mb: settings.api.minMemoryMb,
            max_memory_mb: settings.api.maxMemoryMb,
          },
        },
        state: { directory: this.stateDirectory, max_audit_size_mb: settings.maxAuditMb, audit_backup_count: 20 },
        health: {
          metrics_file: this.metricsFile,
          model_lock_file: join(this.diskDirectory, 'lib', 'model.lock'),
          model_status_file: this.statusFile,
          pct_interval_seconds: 5,
        },
        logging: {
          log_file: log('api'),
          max_log_size_mb: settings.logMaxBytes / 1_048_576,
          backup_count: settings.logBackups,
        },
        host: { ...host, rrd: this.host.paths.rrd },
      },
    }
  }
}

/** The pretend host is not made for what some faults do to its files: it goes on with its next step. */
async function stepOf(engine: Engine, elapsedMs: number): ReturnType<Engine['step']> {
  try {
    return await engine.step(elapsedMs)
  } catch (error) {
    const isOfFault = error instanceof Error && 'code' in error && (error.code === 'EISDIR' || error.code === 'ENOENT')
    if (!isOfFault) throw error
    return []
  }
}

/** A port that nobody listens on, for a server that must have the same one after each restart. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
