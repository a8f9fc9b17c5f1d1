import {
  AutoscaleError,
  acquireInstanceLock,
  type DaemonContext,
  type DaemonSpec,
  errorMessage,
  type InstanceLock,
  listenForMetrics,
  type MetricsListener,
  MS_PER_SECOND,
  runEvery,
  systemErrorCode,
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
  readonly lock: InstanceLock | undefined
}

class RunningMonitor {
  readonly #context: DaemonContext<MonitorConfig>
  readonly #facts: ProcessFacts
  readonly #metrics = new MonitorMetrics()
  readonly #reporter: CycleReporter
  #installation: Installation | undefined
  #listener: MetricsListener | undefined
  #wanted: MonitorConfig | undefined
  /** Threads that hang since an earlier configuration. */
  #abandonedThreads = 0

  constructor(context: DaemonContext<MonitorConfig>, facts: ProcessFacts) {
    this.#context = context
    this.#facts = facts
    this.#reporter = new CycleReporter(this.#metrics, context.log)
  }

  async run(): Promise<void> {
    const { config, once, notify, clock, signal, onReload } = this.#context
    this.#installation = await this.#install(config)
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
      if (this.#installation !== undefined) await this.#reporter.run(this.#installation.monitor, intervalMs())
      if (!isReady) notify.ready('measuring')
      isReady = true
      notify.alive('measuring', intervalMs())
    })
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
    await installation?.lock?.release()
    const stuck = this.#abandonedThreads + (installation?.monitor.stuckFilesystems ?? 0)
    if (stuck === 0) return
    this.#context.log.warn(
      { file_systems: stuck },
      'stopped; threads that wait for file systems cannot be ended, leaving at once',
    )
    this.#facts.endAtOnce()
  }

  async #install(config: MonitorConfig): Promise<Installation> {
    const { clock, log } = this.#context
    const path = config.monitoring.export_file
    const isSame = this.#installation?.config.monitoring.export_file === path
    const lock = isSame ? this.#installation?.lock : await this.#lock(path)
    const monitor = new Monitor(config, { clock, log, ...this.#facts })
    try {
      await monitor.open()
    } catch (error) {
      await monitor.close()
      if (!isSame) await lock?.release()
      throw error
    }
    return { config, monitor, lock }
  }

  /** One monitor per metrics file. A folder that cannot be written is no reason not to measure. */
  async #lock(path: string): Promise<InstanceLock | undefined> {
    const { log } = this.#context
    try {
      return acquireInstanceLock(`${path}.pid`)
    } catch (error) {
      if (error instanceof AutoscaleError || systemErrorCode(error) === undefined) throw error
      log.warn({ problem: errorMessage(error) }, 'cannot lock the metrics file; going on without')
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
      const installed = await this.#install(wanted)
      this.#installation = installed
      await old.monitor.close()
      this.#abandonedThreads += old.monitor.stuckFilesystems
      if (old.lock !== installed.lock) await old.lock?.release()
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
