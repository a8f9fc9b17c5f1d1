import type { ContainerSample } from '@lxc-autoscale/core'
import { RollingRange } from '../derive/rolling-range.ts'
import type { ContainerRun } from '../host/container-run.ts'
import { type Collector, type CollectorContext, type Measurement, RunMeasurement, SWITCHED_OFF } from './collector.ts'
import { type CpuMetrics, cpu } from './cpu.ts'
import type { FilesystemMetrics } from './filesystem.ts'
import { type IoMetrics, io } from './io.ts'
import { type MemoryMetrics, memory } from './memory.ts'
import { type MemoryEventsMetrics, memoryEvents } from './memory-events.ts'
import { type NetworkMetrics, network } from './network.ts'
import { type PressureMetrics, pressure } from './pressure.ts'
import { type ProcessesMetrics, processes } from './processes.ts'
import { type SwapMetrics, swap } from './swap.ts'

/** The collectors, in the order in which they read. ADD YOURS HERE, in `Measurements` and in `toSample`. */
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

/** The collectors at work on one run of a container. */
export interface Measurements {
  readonly cpu: Measurement<CpuMetrics>
  readonly memory: Measurement<MemoryMetrics>
  readonly swap: Measurement<SwapMetrics>
  readonly memory_events: Measurement<MemoryEventsMetrics>
  readonly io: Measurement<IoMetrics>
  readonly network: Measurement<NetworkMetrics>
  readonly pressure: Measurement<PressureMetrics>
  readonly processes: Measurement<ProcessesMetrics>
}

/** Collectors that the configuration can switch off. */
export interface CollectorSwitches {
  readonly swap: boolean
  readonly network: boolean
}

/** One run of a container under measurement. */
export class MeasuredRun {
  readonly run: ContainerRun
  readonly measurements: Measurements
  readonly cpuRange: RollingRange
  readonly memoryRange: RollingRange

  constructor(run: ContainerRun, context: CollectorContext, switches: CollectorSwitches, rollingWindow: number) {
    const start = <Reading, Metrics>(collector: Collector<Reading, Metrics>) =>
      new RunMeasurement(collector, run, context)
    this.run = run
    this.measurements = {
      cpu: start(cpu),
      memory: start(memory),
      swap: switches.swap ? start(swap) : SWITCHED_OFF,
      memory_events: start(memoryEvents),
      io: start(io),
      network: switches.network ? start(network) : SWITCHED_OFF,
      pressure: start(pressure),
      processes: start(processes),
    }
    this.cpuRange = new RollingRange(rollingWindow)
    this.memoryRange = new RollingRange(rollingWindow)
  }

  close(): void {
    for (const name of COLLECTOR_NAMES) this.measurements[name].close()
  }
}

/** The sample of one container that the measurements of this cycle give together. To be called once per cycle. */
export function toSample(
  { run, measurements, cpuRange, memoryRange }: MeasuredRun,
  timestampMs: number,
  filesystem: FilesystemMetrics | undefined,
): ContainerSample {
  const cpuMetrics = measurements.cpu.latest
  const memoryMetrics = measurements.memory.latest
  const swapMetrics = measurements.swap.latest
  const processCount = measurements.processes.latest?.processCount
  const cpuUsagePercent = cpuMetrics?.cpuUsagePercent
  const memoryUsageMb = memoryMetrics?.memoryUsageMb
  const cpuWindow = cpuRange.add(cpuUsagePercent)
  const memoryWindow = memoryRange.add(memoryUsageMb)
  return {
    timestampMs,
    runId: run.runId,
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
    ioStats: measurements.io.latest?.ioStats,
    networkUsage: measurements.network.latest?.networkUsage,
    filesystemUsageGb: filesystem?.filesystemUsageGb,
    filesystemFreeGb: filesystem?.filesystemFreeGb,
    filesystemTotalGb: filesystem?.filesystemTotalGb,
    minCpuPercent: cpuWindow.min,
    maxCpuPercent: cpuWindow.max,
    minMemoryMb: memoryWindow.min,
    maxMemoryMb: memoryWindow.max,
    cpuPerProcessPercent: perProcess(cpuUsagePercent, processCount),
    memoryPerProcessMb: perProcess(memoryUsageMb, processCount),
    pressure: measurements.pressure.latest?.pressure,
    memoryEvents: measurements.memory_events.latest?.memoryEvents,
  }
}

function perProcess(value: number | undefined, processCount: number | undefined): number | undefined {
  return value === undefined || !processCount ? undefined : value / processCount
}
