import { type Clock, type Logger, MS_PER_SECOND, USEC_PER_MS } from '@lxc-autoscale/core'
import { HostFiles, OPTIONAL_LIST, parseDeviceNames } from '@lxc-autoscale/host'
import type { MonitorConfig } from './config.ts'
import { Cycle, type CycleOutcome } from './cycle.ts'
import { ContainerList } from './host/container-list.ts'
import { FilesystemProbe } from './host/filesystem-probe.ts'
import { HostContainers } from './host/host-containers.ts'
import { LxcConfs } from './host/lxc-confs.ts'
import { MetricsFile } from './store/metrics-file.ts'

/** What the composition gets from outside. */
export interface MonitorSurroundings {
  readonly clock: Clock
  readonly log: Logger
  /** Files that may be kept open. */
  readonly mostOpenFiles: number
  readonly usage: () => { readonly cpuUsec: number; readonly rssBytes: number }
}

/** The parts of the monitor put together for one configuration. */
export class Monitor {
  readonly #cycle: Cycle
  readonly #containers: ContainerList
  readonly #confs: LxcConfs
  readonly #filesystems: FilesystemProbe | undefined
  readonly #store: MetricsFile

  constructor({ monitoring, host }: MonitorConfig, { clock, log, mostOpenFiles, usage }: MonitorSurroundings) {
    const files = new HostFiles(mostOpenFiles)
    this.#containers = new ContainerList(files, host)
    this.#confs = new LxcConfs(host.pve, clock)
    this.#filesystems = monitoring.enable_filesystem
      ? new FilesystemProbe(
          {
            proc: host.proc,
            timeoutMs: monitoring.filesystem_timeout_seconds * MS_PER_SECOND,
            maxThreads: monitoring.parallel_processing ? monitoring.max_workers : 1,
          },
          clock,
        )
      : undefined
    this.#store = new MetricsFile({
      path: monitoring.export_file,
      maxCycles: monitoring.max_metrics_entries,
      nowMs: () => clock.nowMs(),
      log,
    })
    this.#cycle = new Cycle({
      clock,
      log,
      files,
      proc: host.proc,
      containers: new HostContainers({
        list: this.#containers,
        confs: this.#confs,
        clock,
        log,
        pct: {
          timeoutSeconds: monitoring.command_timeout,
          retryLimit: monitoring.retry_limit,
          retryDelaySeconds: monitoring.retry_delay,
        },
      }),
      filesystems: this.#filesystems,
      store: this.#store,
      ownUsage: () => {
        const { cpuUsec, rssBytes } = usage()
        return { monotonicMs: clock.monotonicMs(), cpuMs: cpuUsec / USEC_PER_MS, rssBytes }
      },
      countsDevice: deviceFilter(files, host.proc, monitoring.excluded_devices),
      collectors: {
        off: new Set([...(monitoring.enable_swap ? [] : ['swap']), ...(monitoring.enable_network ? [] : ['network'])]),
        rollingWindow: monitoring.rolling_window,
      },
    })
  }

  /** @throws {AutoscaleError} STATE_INVALID when something else than the metrics file stands in its place. */
  open(): Promise<void> {
    return this.#store.open()
  }

  /** @throws {AutoscaleError} HOST_UNREADABLE */
  runCycle(): Promise<CycleOutcome> {
    return this.#cycle.run()
  }

  /** File systems that do not answer. */
  get stuckFilesystems(): number {
    return this.#filesystems?.stuckThreads ?? 0
  }

  nameOf(vmid: number): string | undefined {
    return this.#confs.of(vmid)?.hostname
  }

  async close(): Promise<void> {
    this.#containers.close()
    await this.#filesystems?.close()
    await this.#store.close()
  }
}

/** Whether a device counts, by its name; the names are read again when a device is met that is not known yet. */
function deviceFilter(files: HostFiles, proc: string, excluded: readonly string[]): (device: string) => boolean {
  const decisions = new Map<string, boolean>()
  return device => {
    const known = decisions.get(device)
    if (known !== undefined) return known
    const names = files.readOnce(`${proc}/diskstats`, parseDeviceNames, OPTIONAL_LIST)
    const name = names?.get(device) ?? ''
    const counts = !excluded.some(prefix => name.startsWith(prefix))
    decisions.set(device, counts)
    return counts
  }
}
