import { parseVmid } from '../vmid.ts'
import type {
  ContainerSample,
  CycleSummary,
  IoStats,
  MemoryEvents,
  MetricsCycle,
  NetworkUsage,
  Pressure,
} from './metrics-file.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * The cycle that one element of the file holds. `text` is the JSON of one element; a comma and white space around it
 * are allowed, as they stand on a line. Undefined when it is not a JSON object. Fields that are missing, unknown or not
 * of their type are left out, so that newer files and those of the Python predecessor can be read.
 */
export function parseCycle(text: string): MetricsCycle | undefined {
  const element = parseObject(text)
  if (element === undefined) return undefined
  const containers = new Map<number, ContainerSample>()
  for (const name in element) {
    const vmid = parseVmid(name)
    const sample = vmid === undefined ? undefined : readSample(section(element, name))
    if (vmid !== undefined && sample !== undefined) containers.set(vmid, sample)
  }
  return { containers, summary: readSummary(section(element, 'summary')) }
}

function parseObject(text: string): Wire | undefined {
  const json = text.trim().replace(/,$/, '')
  if (!json.startsWith('{')) return undefined
  try {
    return JSON.parse(json) as Wire
  } catch {
    // A torn line: the caller counts it.
    return undefined
  }
}

function section(element: Wire, name: string): Wire | undefined {
  const value = element[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Wire) : undefined
}

/** A finite number; everything else is not known. */
function figure(wire: Wire, name: string): number | undefined {
  const value = wire[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/**
 * Milliseconds since 1970 UTC. A time without a zone is local time, as older versions of the Python predecessor wrote it
 * (ECMAScript reads it so).
 */
function timeMs(wire: Wire, name: string): number | undefined {
  const value = wire[name]
  if (typeof value !== 'string') return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}

function readSample(wire: Wire | undefined): ContainerSample | undefined {
  const timestampMs = wire === undefined ? undefined : timeMs(wire, 'timestamp')
  if (wire === undefined || timestampMs === undefined) return undefined
  return {
    timestampMs,
    runId: figure(wire, 'run_id'),
    cpuUsagePercent: figure(wire, 'cpu_usage_percent'),
    cpuCoresUsed: figure(wire, 'cpu_cores_used'),
    cpuCores: figure(wire, 'cpu_cores'),
    cpuThrottledPercent: figure(wire, 'cpu_throttled_percent'),
    memoryUsageMb: figure(wire, 'memory_usage_mb'),
    memoryLimitMb: figure(wire, 'memory_limit_mb'),
    memoryFloorMb: figure(wire, 'memory_floor_mb'),
    swapUsageMb: figure(wire, 'swap_usage_mb'),
    swapTotalMb: figure(wire, 'swap_total_mb'),
    processCount: figure(wire, 'process_count'),
    ioStats: readIoStats(section(wire, 'io_stats')),
    networkUsage: readNetworkUsage(section(wire, 'network_usage')),
    filesystemUsageGb: figure(wire, 'filesystem_usage_gb'),
    filesystemFreeGb: figure(wire, 'filesystem_free_gb'),
    filesystemTotalGb: figure(wire, 'filesystem_total_gb'),
    minCpuPercent: figure(wire, 'min_cpu'),
    maxCpuPercent: figure(wire, 'max_cpu'),
    minMemoryMb: figure(wire, 'min_memory'),
    maxMemoryMb: figure(wire, 'max_memory'),
    cpuPerProcessPercent: figure(wire, 'cpu_per_process'),
    memoryPerProcessMb: figure(wire, 'memory_per_process'),
    pressure: readPressure(section(wire, 'pressure')),
    memoryEvents: readMemoryEvents(section(wire, 'memory_events')),
  }
}

function readIoStats(wire: Wire | undefined): IoStats | undefined {
  const reads = wire && figure(wire, 'reads')
  const writes = wire && figure(wire, 'writes')
  return reads === undefined || writes === undefined ? undefined : { reads, writes }
}

function readNetworkUsage(wire: Wire | undefined): NetworkUsage | undefined {
  const rxBytes = wire && figure(wire, 'rx_bytes')
  const txBytes = wire && figure(wire, 'tx_bytes')
  return rxBytes === undefined || txBytes === undefined ? undefined : { rxBytes, txBytes }
}

function readPressure(wire: Wire | undefined): Pressure | undefined {
  if (wire === undefined) return undefined
  return {
    cpuSomePercent: figure(wire, 'cpu_some'),
    memorySomePercent: figure(wire, 'memory_some'),
    memoryFullPercent: figure(wire, 'memory_full'),
    ioSomePercent: figure(wire, 'io_some'),
    ioFullPercent: figure(wire, 'io_full'),
  }
}

function readMemoryEvents(wire: Wire | undefined): MemoryEvents | undefined {
  if (wire === undefined) return undefined
  return {
    high: figure(wire, 'high'),
    max: figure(wire, 'max'),
    oomKill: figure(wire, 'oom_kill'),
    innerMax: figure(wire, 'inner_max'),
    innerOomKill: figure(wire, 'inner_oom_kill'),
  }
}

function readSummary(wire: Wire | undefined): CycleSummary | undefined {
  const collectionStartMs = wire && timeMs(wire, 'collection_start_time')
  const collectionEndMs = wire && timeMs(wire, 'collection_end_time')
  if (wire === undefined || collectionStartMs === undefined || collectionEndMs === undefined) return undefined
  const totalContainers = figure(wire, 'total_containers') ?? 0
  return {
    collectionStartMs,
    collectionEndMs,
    totalContainers,
    failedContainers: figure(wire, 'failed_containers') ?? 0,
    totalDurationSeconds: figure(wire, 'total_duration_seconds') ?? 0,
    monitorCpuPercent: figure(wire, 'monitor_cpu_percent'),
    monitorMemoryUsageMb: figure(wire, 'monitor_memory_usage_mb'),
    hostCores: figure(wire, 'host_cores'),
    hostMemoryMb: figure(wire, 'host_memory_mb'),
    hostMemoryAvailableMb: figure(wire, 'host_memory_available_mb'),
    hostLoad1: figure(wire, 'host_load1'),
  }
}
