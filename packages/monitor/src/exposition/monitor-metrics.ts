import { Counter, DaemonRegistry, Gauge, Histogram, type MemoryEvents } from '@lxc-autoscale/core'
import { FAILURE_REASONS } from '@lxc-autoscale/host'
import { COLLECTORS } from '../collectors/index.ts'
import { MemoryEventTotals } from '../derive/memory-event-totals.ts'
import { containerMetrics, type LatestCycle } from './container-metrics.ts'

/** What /metrics of the monitor shows: itself, and the newest figures of the containers. */
export class MonitorMetrics extends DaemonRegistry {
  readonly cycleSeconds = new Histogram({
    name: 'lxc_monitor_cycle_seconds',
    help: 'Duration of one collection cycle, storing included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this],
  })
  readonly collectorSeconds = new Counter({
    name: 'lxc_monitor_collector_seconds_total',
    help: 'Time spent in each part of the cycles.',
    labelNames: ['collector'],
    registers: [this],
  })
  readonly collectErrors = new Counter({
    name: 'lxc_monitor_collect_errors_total',
    help: 'Figures that are not known, by collector and reason: unreadable, malformed, or implausible (it cannot be true).',
    labelNames: ['collector', 'reason'],
    registers: [this],
  })
  readonly cycleFailures = new Counter({
    name: 'lxc_monitor_cycle_failures_total',
    help: 'Cycles that gave nothing, by error code.',
    labelNames: ['code'],
    registers: [this],
  })
  readonly containers = new Gauge({
    name: 'lxc_monitor_containers',
    help: 'Containers measured in the last cycle.',
    registers: [this],
  })
  readonly bytesWritten = new Counter({
    name: 'lxc_monitor_written_bytes_total',
    help: 'Bytes written to the metrics file, its rewrites included.',
    registers: [this],
  })
  readonly lostCycles = new Counter({
    name: 'lxc_monitor_lost_cycles_total',
    help: 'Cycles that were measured but could not be written to the metrics file.',
    registers: [this],
  })
  readonly lastSuccess = new Gauge({
    name: 'lxc_monitor_last_success_timestamp_seconds',
    help: 'When a cycle was last written to the metrics file, Unix time.',
    registers: [this],
  })
  readonly stuckThreads = new Gauge({
    name: 'lxc_monitor_stuck_filesystems',
    help: 'File systems that do not answer; each holds one thread.',
    registers: [this],
  })
  readonly #totals = new MemoryEventTotals()
  #latest: LatestCycle = { line: new Uint8Array(), nameOf: () => undefined }

  constructor() {
    super('lxc_monitor', () => containerMetrics(this.#latest, this.#totals))
    for (const collector of Object.keys(COLLECTORS)) {
      for (const reason of FAILURE_REASONS) this.collectErrors.inc({ collector, reason }, 0)
    }
  }

  /** Sets the figures of the containers that are shown from now on; adds what happened to their memory. */
  show(latest: LatestCycle, events: ReadonlyMap<number, MemoryEvents>): void {
    this.#latest = latest
    for (const [vmid, happened] of events) this.#totals.add(vmid, happened)
  }
}
