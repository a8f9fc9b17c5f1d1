import type { ContainerSample } from '@lxc-autoscale/core'
import { RollingRange } from '../derive/rolling-range.ts'
import type { ContainerRun } from '../host/container-run.ts'
import {
  type Collector,
  type CollectorContext,
  type Measurement,
  RunMeasurement,
  SWITCHED_OFF,
  type Timing,
} from './collector.ts'
import { type CpuMetrics, cpu } from './cpu.ts'
import type { FilesystemMetrics } from './filesystem.ts'
import { type IoMetrics, io } from './io.ts'
import { type MemoryMetrics, memory } from './memory.ts'
import { type MemoryEventsMetrics, memoryEvents } from './memory-events.ts'
import { type NetworkMetrics, network } from './network.ts'
import { type PressureMetrics, pressure } from './pressure.ts'
import { type ProcessesMetrics, processes } from './processes.ts'
import { type SwapMetrics, swap } from './swap.ts'

/** The collectors, in the order in which they read. ADD YOURS HERE, in `MeasuredRun` and in its `measure`. */
export const COLLECTOR_NAMES = [
  'cpu',
  'memory',
  'swap',
  'memory_events',
  'io',
  'network',
  'pressure',
  'processes',
] as const
export type CollectorName = (typeof COLLECTOR_NAMES)[number]

/** What the configuration decides. */
export interface CollectorSettings {
  readonly isSwapOn: boolean
  readonly isNetworkOn: boolean
  /** Cycles over which the smallest and the largest figures are taken. */
  readonly rollingWindow: number
}

/** The collectors at work on one run of a container. */
interface Measurements {
  readonly cpu: Measurement<CpuMetrics>
  readonly memory: Measurement<MemoryMetrics>
  readonly swap: Measurement<SwapMetrics>
  readonly memory_events: Measurement<MemoryEventsMetrics>
  readonly io: Measurement<IoMetrics>
  readonly network: Measurement<NetworkMetrics>
  readonly pressure: Measurement<PressureMetrics>
  readonly processes: Measurement<ProcessesMetrics>
}

/** Says when each reading is made, and learns when each collector is done. */
export interface Laps {
  readonly timing: Timing
  done(collector: CollectorName): void
}

/** One run of a container under measurement. */
export class MeasuredRun {
  readonly run: ContainerRun
  readonly #measurements: Measurements
  readonly #cpuRange: RollingRange
  readonly #memoryRange: RollingRange

  constructor(run: ContainerRun, context: CollectorContext, settings: CollectorSettings) {
    const start = <Reading, Metrics>(collector: Collector<Reading, Metrics>) =>
      new RunMeasurement(collector, run, context)
    this.run = run
    this.#measurements = {
      cpu: start(cpu),
      memory: start(memory),
      swap: settings.isSwapOn ? start(swap) : SWITCHED_OFF,
      memory_events: start(memoryEvents),
      io: start(io),
      network: settings.isNetworkOn ? start(network) : SWITCHED_OFF,
      pressure: start(pressure),
      processes: start(processes),
    }
    this.#cpuRange = new RollingRange(settings.rollingWindow)
    this.#memoryRange = new RollingRange(settings.rollingWindow)
  }

  /** Its sample in this cycle. To be called once per cycle. */
  measure(timestampMs: number, filesystem: FilesystemMetrics | undefined, laps: Laps): ContainerSample {
    const measurements = this.#measurements
    const cpuMetrics = timed('cpu', laps, measurements.cpu)
    const memoryMetrics = timed('memory', laps, measurements.memory)
    const swapMetrics = timed('swap', laps, measurements.swap)
    const memoryEventsMetrics = timed('memory_events', laps, measurements.memory_events)
    const ioMetrics = timed('io', laps, measurements.io)
    const networkMetrics = timed('network', laps, measurements.network)
    const pressureMetrics = timed('pressure', laps, measurements.pressure)
    const processCount = timed('processes', laps, measurements.processes)?.processCount
    const cpuUsagePercent = cpuMetrics?.cpuUsagePercent
    const memoryUsageMb = memoryMetrics?.memoryUsageMb
    const cpuRange = this.#cpuRange.add(cpuUsagePercent)
    const memoryRange = this.#memoryRange.add(memoryUsageMb)
    return {
      timestampMs,
      runId: this.run.runId,
      cpuUsagePercent,
      cpuCoresUsed: cpuMetrics?.cpuCoresUsed,
      cpuCores: cpuMetrics?.cpuCores,
      cpuThrottledPercent: cpuMetrics?.cpuThrottledPercent,
      memoryUsageMb,
      memoryLimitMb: memoryMetrics?.memoryLimitMb,
      memoryFloorMb: memoryMetrics?.memoryFloorMb,
      swapUsageMb: swapMetrics?.swapUsageMb,
      swapTotalMb: swapMetrics?.swapTotalMb,
      processCount,
      ioStats: ioMetrics?.ioStats,
      networkUsage: networkMetrics?.networkUsage,
      filesystemUsageGb: filesystem?.filesystemUsageGb,
      filesystemFreeGb: filesystem?.filesystemFreeGb,
      filesystemTotalGb: filesystem?.filesystemTotalGb,
      minCpuPercent: cpuRange.min,
      maxCpuPercent: cpuRange.max,
      minMemoryMb: memoryRange.min,
      maxMemoryMb: memoryRange.max,
      cpuPerProcessPercent: perProcess(cpuUsagePercent, processCount),
      memoryPerProcessMb: perProcess(memoryUsageMb, processCount),
      pressure: pressureMetrics?.pressure,
      memoryEvents: memoryEventsMetrics?.memoryEvents,
    }
  }
}

function timed<Metrics>(name: CollectorName, laps: Laps, measurement: Measurement<Metrics>): Metrics | undefined {
  const metrics = measurement.take(laps.timing)
  laps.done(name)
  return metrics
}

function perProcess(value: number | undefined, processCount: number | undefined): number | undefined {
  return value === undefined || !processCount ? undefined : value / processCount
}

/** Whether no figure at all could be read of a container. */
export function isUnknown(sample: ContainerSample): boolean {
  const { cpuCores, memoryUsageMb, memoryLimitMb, processCount, ioStats, networkUsage } = sample
  const isMeasured = cpuCores ?? memoryUsageMb ?? memoryLimitMb ?? processCount ?? ioStats ?? networkUsage
  return isMeasured === undefined
}
