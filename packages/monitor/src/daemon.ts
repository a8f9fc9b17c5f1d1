import {
  AutoscaleError,
  acquireInstanceLock,
  type DaemonContext,
  type DaemonSpec,
  type InstanceLock,
  listenForMetrics,
  type MetricsListener,
  MS_PER_SECOND,
  runEvery,
} from '@lxc-autoscale/core'
import { MONITOR_RULES, type MonitorConfig } from './config.ts'
import { CycleReporter } from './cycle-reporter.ts'
import { MonitorMetrics } from './exposition/monitor-metrics.ts'
import { Monitor, type MonitorSurroundings } from './monitor.ts'

/** What only the outermost file may know of this process, or do to it. */
export interface ProcessFacts extends Pick<MonitorSurroundings, 'mostOpenFiles' | 'usage'> {
  /** Ends the process at once, whatever its threads wait for. */
  readonly endAtOnce: () => void
}

/** The daemon lxc_monitor. */
export function monitorDaemon(facts: ProcessFacts): DaemonSpec<typeof MonitorConfig> {
  return {
    ...MONITOR_RULES,
    command: 'lxc-monitor',
    summary: 'Measures the LXC containers of this host and keeps the figures for lxc_autoscale_ml.',
    defaultConfigFile: '/etc/lxc_autoscale_ml/lxc_monitor.yaml',
    hasOnce: true,
    logSettings: ({ logging }) => ({
      level: logging.log_level,
      file: logging.log_file,
      maxBytes: logging.log_max_bytes,
      backupCount: logging.log_backup_count,
    }),
    async run(context) {
      const daemon = new RunningMonitor(context, facts)
      try {
        await daemon.run()
      } finally {
        await daemon.close()
      }
    },
  }
}

/** What is open for one configuration. */
interface Installation {
  readonly config: MonitorConfig
  readonly monitor: Monitor
  /** Undefined while it cannot be had. */
  lock: InstanceLock | undefined
}

class RunningMonitor {
  readonly #context: DaemonContext<MonitorConfig>
  readonly #facts: ProcessFacts
  readonly #metrics = new MonitorMetrics()
  readonly #reporter: CycleReporter
  #installation: Installation | undefined
  #listener: MetricsListener | undefined
  #wanted: MonitorConfig | undefined
  /** What was last said to be wrong with the lock. */
  #lockProblem: string | undefined
  /** Threads that hang since an earlier configuration. */
  #abandonedThreads = 0

  constructor(context: DaemonContext<MonitorConfig>, facts: ProcessFacts) {
    this.#context = context
    this.#facts = facts
    this.#reporter = new CycleReporter(this.#metrics, context.log)
  }

  async run(): Promise<void> {
    const { config, once, notify, clock, signal, onReload } = this.#context
    // What stands in the place of the metrics file is said by the first cycle, and looked at again by each.
    this.#installation = this.#install(config)
    if (once) {
      await this.#runOnce(this.#installation)
      return
    }
    await this.#listen(config.metrics.port)
    onReload(reloaded => {
      this.#wanted = reloaded
    })
    let isReady = false
    const intervalMs = () => (this.#installation?.config ?? config).monitoring.check_interval * MS_PER_SECOND
    await runEvery({ intervalMs, clock, signal }, async () => {
      await this.#applyReload()
      const status = await this.#runCycle(intervalMs())
      if (!isReady) notify.ready(status)
      isReady = true
      notify.alive(status, intervalMs())
    })
  }

  /** One cycle; gives what there is to say of it. */
  async #runCycle(intervalMs: number): Promise<string> {
    const installation = this.#installation
    if (installation === undefined) return 'not measuring'
    installation.lock ??= this.#lock(installation.config.monitoring.export_file)
    const outcome = await this.#reporter.run(installation.monitor, intervalMs)
    if (outcome === undefined) return 'waiting: the containers of this host cannot be measured'
    return outcome.isStored ? 'measuring' : 'waiting: the metrics file cannot be written'
  }

  /** @throws {AutoscaleError} when there is nothing to show for it. */
  async #runOnce({ config, monitor }: Installation): Promise<void> {
    const outcome = await this.#reporter.run(monitor, Number.POSITIVE_INFINITY)
    if (outcome === undefined) throw new AutoscaleError('HOST_UNREADABLE', 'nothing was measured; see above')
    const path = config.monitoring.export_file
    if (!outcome.isStored) throw new AutoscaleError('STATE_INVALID', `${path}: the cycle was not written; see above`)
  }

  async close(): Promise<void> {
    await this.#listener?.close()
    const installation = this.#installation
    await installation?.monitor.close()
    installation?.lock?.release()
    const stuck = this.#abandonedThreads + (installation?.monitor.stuckFilesystems ?? 0)
    if (stuck === 0) return
    this.#context.log.warn(
      { file_systems: stuck },
      'stopped; threads that wait for file systems cannot be ended, leaving at once',
    )
    this.#facts.endAtOnce()
  }

  #install(config: MonitorConfig): Installation {
    const { clock, log } = this.#context
    const path = config.monitoring.export_file
    const lock = this.#isWrittenNow(path) ? this.#installation?.lock : this.#lock(path)
    return { config, monitor: new Monitor(config, { clock, log, ...this.#facts }), lock }
  }

  /** @throws {AutoscaleError} when something else stands in the place of a metrics file that was not written before. */
  async #installNext(config: MonitorConfig): Promise<Installation> {
    const installation = this.#install(config)
    if (this.#isWrittenNow(config.monitoring.export_file)) return installation
    try {
      await installation.monitor.open()
      return installation
    } catch (error) {
      await installation.monitor.close()
      installation.lock?.release()
      throw error
    }
  }

  #isWrittenNow(path: string): boolean {
    return this.#installation?.config.monitoring.export_file === path
  }

  /**
   * One monitor per metrics file. A folder that cannot be written is no reason not to measure: the lock is tried again by
   * each cycle.
   * @throws {AutoscaleError} ALREADY_RUNNING
   */
  #lock(path: string): InstanceLock | undefined {
    try {
      const lock = acquireInstanceLock(`${path}.pid`)
      this.#lockProblem = undefined
      return lock
    } catch (error) {
      if (!(error instanceof AutoscaleError) || error.code === 'ALREADY_RUNNING') throw error
      if (this.#lockProblem !== error.message) {
        this.#context.log.warn({ problem: error.message }, 'cannot lock the metrics file; going on without')
      }
      this.#lockProblem = error.message
      return undefined
    }
  }

  /** Takes over a new configuration between two cycles. What it cannot be installed for is logged; the old one stays. */
  async #applyReload(): Promise<void> {
    const wanted = this.#wanted
    const old = this.#installation
    this.#wanted = undefined
    if (wanted === undefined || old === undefined) return
    try {
      const installed = await this.#installNext(wanted)
      this.#installation = installed
      await old.monitor.close()
      this.#abandonedThreads += old.monitor.stuckFilesystems
      if (old.lock !== installed.lock) old.lock?.release()
      if (wanted.metrics.port !== old.config.metrics.port) await this.#listen(wanted.metrics.port)
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      this.#context.log.error({ code: error.code }, `new configuration not taken over: ${error.message}`)
    }
  }

  /** Listens on another port before it leaves the old one, so that a port that is taken changes nothing. */
  async #listen(port: number): Promise<void> {
    const before = this.#listener
    this.#listener = port === 0 ? undefined : await listenForMetrics(this.#metrics, port)
    await before?.close()
    if (this.#listener === undefined) return
    this.#context.log.info({ url: `http://127.0.0.1:${this.#listener.port}/metrics` }, 'metrics listener')
  }
}
