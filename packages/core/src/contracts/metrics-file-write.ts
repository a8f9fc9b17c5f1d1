import type { ContainerSample, CycleSummary, MetricsCycle } from './metrics-file.ts'

/** The element of one cycle as one line of JSON, without the line end. Figures keep three decimals. */
export function formatCycle({ containers, summary }: MetricsCycle): string {
  const members: string[] = []
  for (const [vmid, sample] of containers) members.push(formatSample(vmid, sample))
  if (summary !== undefined) members.push(formatSummary(summary))
  return `{${members.join(',')}}`
}

/**
 * The member of one container in the element of a cycle. Put together from pieces and not by JSON.stringify of an object
 * made for it: this is done for each container in each cycle, and takes half the time so. `timestamp` is the time of the
 * sample as `formatTime` gives it, for who formats many of one time.
 */
export function formatSample(
  vmid: number,
  sample: ContainerSample,
  timestamp = formatTime(sample.timestampMs),
): string {
  return (
    `"${vmid}":{"timestamp":"${timestamp}","run_id":${whole(sample.runId)}` +
    `,"cpu_usage_percent":${figure(sample.cpuUsagePercent)},"cpu_cores_used":${figure(sample.cpuCoresUsed)}` +
    `,"cpu_cores":${figure(sample.cpuCores)},"cpu_throttled_percent":${figure(sample.cpuThrottledPercent)}` +
    `,"memory_usage_mb":${figure(sample.memoryUsageMb)},"memory_limit_mb":${figure(sample.memoryLimitMb)}` +
    `,"memory_floor_mb":${figure(sample.memoryFloorMb)},"swap_usage_mb":${figure(sample.swapUsageMb)}` +
    `,"swap_total_mb":${figure(sample.swapTotalMb)},"process_count":${whole(sample.processCount)}` +
    `,"io_stats":${ioStats(sample)},"network_usage":${networkUsage(sample)}` +
    `,"filesystem_usage_gb":${figure(sample.filesystemUsageGb)},"filesystem_free_gb":${figure(sample.filesystemFreeGb)}` +
    `,"filesystem_total_gb":${figure(sample.filesystemTotalGb)},"min_cpu":${figure(sample.minCpuPercent)}` +
    `,"max_cpu":${figure(sample.maxCpuPercent)},"min_memory":${figure(sample.minMemoryMb)}` +
    `,"max_memory":${figure(sample.maxMemoryMb)},"cpu_per_process":${figure(sample.cpuPerProcessPercent)}` +
    `,"memory_per_process":${figure(sample.memoryPerProcessMb)},"pressure":${pressure(sample)}` +
    `,"memory_events":${memoryEvents(sample)}}`
  )
}

/** The member `summary` in the element of a cycle. */
export function formatSummary(summary: CycleSummary): string {
  return (
    `"summary":{"collection_start_time":"${formatTime(summary.collectionStartMs)}"` +
    `,"collection_end_time":"${formatTime(summary.collectionEndMs)}","total_containers":${whole(summary.totalContainers)}` +
    `,"failed_containers":${whole(summary.failedContainers)}` +
    `,"total_duration_seconds":${figure(summary.totalDurationSeconds)}` +
    `,"monitor_cpu_percent":${figure(summary.monitorCpuPercent)}` +
    `,"monitor_memory_usage_mb":${figure(summary.monitorMemoryUsageMb)},"host_cores":${whole(summary.hostCores)}` +
    `,"host_memory_mb":${figure(summary.hostMemoryMb)}` +
    `,"host_memory_available_mb":${figure(summary.hostMemoryAvailableMb)},"host_load1":${figure(summary.hostLoad1)}}`
  )
}

function ioStats({ ioStats: stats }: ContainerSample): string {
  return stats === undefined ? 'null' : `{"reads":${whole(stats.reads)},"writes":${whole(stats.writes)}}`
}

function networkUsage({ networkUsage: usage }: ContainerSample): string {
  return usage === undefined ? 'null' : `{"rx_bytes":${whole(usage.rxBytes)},"tx_bytes":${whole(usage.txBytes)}}`
}

function pressure({ pressure: stalls }: ContainerSample): string {
  if (stalls === undefined) return 'null'
  return (
    `{"cpu_some":${figure(stalls.cpuSomePercent)},"memory_some":${figure(stalls.memorySomePercent)}` +
    `,"memory_full":${figure(stalls.memoryFullPercent)},"io_some":${figure(stalls.ioSomePercent)}` +
    `,"io_full":${figure(stalls.ioFullPercent)}}`
  )
}

function memoryEvents({ memoryEvents: events }: ContainerSample): string {
  if (events === undefined) return 'null'
  return (
    `{"high":${whole(events.high)},"max":${whole(events.max)},"oom_kill":${whole(events.oomKill)}` +
    `,"inner_max":${whole(events.innerMax)},"inner_oom_kill":${whole(events.innerOomKill)}}`
  )
}

/** A time as it stands in the file: ISO 8601, UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

function whole(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}

/** `.001` to `.999` without the zeros at the end: made once, since the engine takes long to print a fraction. */
const FRACTIONS: readonly string[] = Array.from({ length: 1_000 }, (_, thousandths) =>
  `.${String(thousandths).padStart(3, '0')}`.replace(/\.?0+$/, ''),
)
/** Above this a number of thousandths is not exact any more. */
const LARGEST_EXACT = 1e12

/** Three decimals; of a number that has none to spare, all of them. */
function figure(value: number | undefined): number | string | null {
  if (value === undefined || !Number.isFinite(value)) return null
  if (Math.abs(value) > LARGEST_EXACT) return value
  if (value < 0) return Math.round(value * 1_000) / 1_000
  const thousandths = Math.round(value * 1_000)
  const whole = Math.floor(thousandths / 1_000)
  return `${whole}${FRACTIONS[thousandths - whole * 1_000]}`
}
