/**
 * The file between monitor and model: a JSON array, oldest first, one element (one collection cycle) per line.
 * Inside the daemons a value that is not known is `undefined`; in the file it is `null`.
 */

/** Operations (not bytes) since the container was started. */
export interface IoStats {
  readonly reads: number
  readonly writes: number
}

/** Bytes since the container was started, as the container sees them. */
export interface NetworkUsage {
  readonly rxBytes: number
  readonly txBytes: number
}

/** Pressure stall information: share of the last 10 s in which tasks stalled, 0-100. */
export interface Pressure {
  readonly cpuSomePercent: number | undefined
  readonly memorySomePercent: number | undefined
  readonly memoryFullPercent: number | undefined
  readonly ioSomePercent: number | undefined
  readonly ioFullPercent: number | undefined
}

/** What happened to the memory of the container since the last cycle; counts. */
export interface MemoryEvents {
  readonly high: number | undefined
  /** How often it met its own limit, and processes killed for that. */
  readonly max: number | undefined
  readonly oomKill: number | undefined
  /** The same for limits inside it (containers in the container): a larger limit of its own would not help. */
  readonly innerMax: number | undefined
  readonly innerOomKill: number | undefined
}

/** One container in one cycle. */
export interface ContainerSample {
  /** When it was measured, milliseconds since 1970 UTC. */
  readonly timestampMs: number
  /** Names this run of the container (the inode of its cgroup): another value means it was started again. */
  readonly runId: number | undefined
  /** Of the cores it is allowed, 0-100. */
  readonly cpuUsagePercent: number | undefined
  readonly cpuCoresUsed: number | undefined
  /** Cores it is allowed now: the smaller of its CPU set and its quota. */
  readonly cpuCores: number | undefined
  /** Share of the enforcement periods in which the quota throttled it, 0-100. */
  readonly cpuThrottledPercent: number | undefined
  /** Without page cache, with shared memory and tmpfs. */
  readonly memoryUsageMb: number | undefined
  /** The limit in force, undefined when there is none. */
  readonly memoryLimitMb: number | undefined
  /** What the kernel cannot reclaim: a limit below it kills. */
  readonly memoryFloorMb: number | undefined
  readonly swapUsageMb: number | undefined
  readonly swapTotalMb: number | undefined
  /** Processes, not threads. */
  readonly processCount: number | undefined
  readonly ioStats: IoStats | undefined
  readonly networkUsage: NetworkUsage | undefined
  readonly filesystemUsageGb: number | undefined
  readonly filesystemFreeGb: number | undefined
  readonly filesystemTotalGb: number | undefined
  /** Smallest and largest of the last cycles (the rolling window of the monitor). */
  readonly minCpuPercent: number | undefined
  readonly maxCpuPercent: number | undefined
  readonly minMemoryMb: number | undefined
  readonly maxMemoryMb: number | undefined
  readonly cpuPerProcessPercent: number | undefined
  readonly memoryPerProcessMb: number | undefined
  readonly pressure: Pressure | undefined
  readonly memoryEvents: MemoryEvents | undefined
}

/** The host and the collection itself in one cycle. */
export interface CycleSummary {
  readonly collectionStartMs: number
  readonly collectionEndMs: number
  readonly totalContainers: number
  /** Containers of which no figure at all could be read. */
  readonly failedContainers: number
  readonly totalDurationSeconds: number
  readonly monitorCpuPercent: number | undefined
  readonly monitorMemoryUsageMb: number | undefined
  readonly hostCores: number | undefined
  readonly hostMemoryMb: number | undefined
  readonly hostMemoryAvailableMb: number | undefined
  readonly hostLoad1: number | undefined
}

/** One element of the file. */
export interface MetricsCycle {
  readonly containers: ReadonlyMap<number, ContainerSample>
  /** Undefined when the element has none (a file of the Python predecessor may lack parts of it). */
  readonly summary: CycleSummary | undefined
}

export { parseCycle } from './metrics-file-read.ts'
export { formatCycle, formatSample, formatSummary, formatTime } from './metrics-file-write.ts'
