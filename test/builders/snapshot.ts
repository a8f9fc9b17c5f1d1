import type { ContainerSample, CycleSummary } from '@lxc-autoscale/core'

/** A sample of a healthy container; a test names only what matters to it. */
export function sample(overrides: Partial<ContainerSample> = {}): ContainerSample {
  return {
    timestampMs: Date.UTC(2026, 0, 5),
    runId: 4_711,
    cpuUsagePercent: 25,
    cpuCoresUsed: 0.5,
    cpuCores: 2,
    cpuThrottledPercent: 0,
    memoryUsageMb: 300,
    memoryLimitMb: 1_024,
    memoryFloorMb: Math.min(200, overrides.memoryUsageMb ?? 200),
    swapUsageMb: 0,
    swapTotalMb: 512,
    processCount: 12,
    ioStats: { reads: 1_000, writes: 2_000 },
    networkUsage: { rxBytes: 10_000, txBytes: 20_000 },
    filesystemUsageGb: 2,
    filesystemFreeGb: 6,
    filesystemTotalGb: 8,
    minCpuPercent: 20,
    maxCpuPercent: 30,
    minMemoryMb: 290,
    maxMemoryMb: 310,
    cpuPerProcessPercent: 2.083,
    memoryPerProcessMb: 25,
    pressure: { cpuSomePercent: 0, memorySomePercent: 0, memoryFullPercent: 0, ioSomePercent: 0, ioFullPercent: 0 },
    memoryEvents: { high: 0, max: 0, oomKill: 0, innerMax: 0, innerOomKill: 0 },
    ...overrides,
  }
}

/** The summary of a cycle on a host with 8 cores and 32 GB. */
export function summary(overrides: Partial<CycleSummary> = {}): CycleSummary {
  return {
    collectionStartMs: Date.UTC(2026, 0, 5),
    collectionEndMs: Date.UTC(2026, 0, 5) + 20,
    totalContainers: 1,
    failedContainers: 0,
    totalDurationSeconds: 0.02,
    monitorCpuPercent: 0.1,
    monitorMemoryUsageMb: 60,
    hostCores: 8,
    hostMemoryMb: 32_768,
    hostMemoryAvailableMb: 20_000,
    hostLoad1: 0.5,
    ...overrides,
  }
}
