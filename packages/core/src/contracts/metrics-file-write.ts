import type { ContainerSample, CycleSummary, MetricsCycle } from './metrics-file.ts'

/** The element of one cycle as one line of JSON, without the line end. Figures keep three decimals. */
export function formatCycle({ containers, summary }: MetricsCycle): string {
  const parts: string[] = []
  for (const [vmid, sample] of containers) parts.push(`"${vmid}":${JSON.stringify(wireSample(sample))}`)
  if (summary !== undefined) parts.push(`"summary":${JSON.stringify(wireSummary(summary))}`)
  return `{${parts.join(',')}}`
}

function wireSample(sample: ContainerSample): object {
  const { ioStats, networkUsage, pressure, memoryEvents } = sample
  return {
    timestamp: new Date(sample.timestampMs).toISOString(),
    run_id: sample.runId ?? null,
    cpu_usage_percent: rounded(sample.cpuUsagePercent),
    cpu_cores_used: rounded(sample.cpuCoresUsed),
    cpu_cores: rounded(sample.cpuCores),
    cpu_throttled_percent: rounded(sample.cpuThrottledPercent),
    memory_usage_mb: rounded(sample.memoryUsageMb),
    memory_limit_mb: rounded(sample.memoryLimitMb),
    memory_floor_mb: rounded(sample.memoryFloorMb),
    swap_usage_mb: rounded(sample.swapUsageMb),
    swap_total_mb: rounded(sample.swapTotalMb),
    process_count: sample.processCount ?? null,
    io_stats: ioStats === undefined ? null : { reads: ioStats.reads, writes: ioStats.writes },
    network_usage:
      networkUsage === undefined ? null : { rx_bytes: networkUsage.rxBytes, tx_bytes: networkUsage.txBytes },
    filesystem_usage_gb: rounded(sample.filesystemUsageGb),
    filesystem_free_gb: rounded(sample.filesystemFreeGb),
    filesystem_total_gb: rounded(sample.filesystemTotalGb),
    min_cpu: rounded(sample.minCpuPercent),
    max_cpu: rounded(sample.maxCpuPercent),
    min_memory: rounded(sample.minMemoryMb),
    max_memory: rounded(sample.maxMemoryMb),
    cpu_per_process: rounded(sample.cpuPerProcessPercent),
    memory_per_process: rounded(sample.memoryPerProcessMb),
    pressure:
      pressure === undefined
        ? null
        : {
            cpu_some: pressure.cpuSomePercent ?? null,
            memory_some: pressure.memorySomePercent ?? null,
            memory_full: pressure.memoryFullPercent ?? null,
            io_some: pressure.ioSomePercent ?? null,
            io_full: pressure.ioFullPercent ?? null,
          },
    memory_events:
      memoryEvents === undefined
        ? null
        : {
            high: memoryEvents.high ?? null,
            max: memoryEvents.max ?? null,
            oom_kill: memoryEvents.oomKill ?? null,
          },
  }
}

function wireSummary(summary: CycleSummary): object {
  return {
    collection_start_time: new Date(summary.collectionStartMs).toISOString(),
    collection_end_time: new Date(summary.collectionEndMs).toISOString(),
    total_containers: summary.totalContainers,
    failed_containers: summary.failedContainers,
    total_duration_seconds: rounded(summary.totalDurationSeconds),
    monitor_cpu_percent: rounded(summary.monitorCpuPercent),
    monitor_memory_usage_mb: rounded(summary.monitorMemoryUsageMb),
    host_cores: summary.hostCores ?? null,
    host_memory_mb: rounded(summary.hostMemoryMb),
    host_memory_available_mb: rounded(summary.hostMemoryAvailableMb),
    host_load1: rounded(summary.hostLoad1),
  }
}

function rounded(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Math.round(value * 1_000) / 1_000
}
