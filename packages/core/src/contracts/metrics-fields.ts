/*
 * The figures of the metrics file, in the order in which they are written. A figure is declared here, and nowhere else:
 * its name inside and in the file, its form, and thereby its type, its reader and its writer.
 */

interface Field {
  /** The name in the file. */
  readonly wire: string
  /** `figure`: a number, of which three decimals are kept. `whole`: a number that has none to lose. */
  readonly form: 'figure' | 'whole'
  /** What stands for it where it is missing; without, it is not known then. */
  readonly missing?: 0
}

/** Figures that stand together in an object of their own. */
interface Group {
  readonly wire: string
  readonly members: Readonly<Record<string, Field>>
  /** Whether it is only known as a whole. */
  readonly isWhole: boolean
}

const figure = (wire: string) => ({ wire, form: 'figure' }) as const
const whole = (wire: string) => ({ wire, form: 'whole' }) as const
const orZero = <Of extends Field>(field: Of) => ({ ...field, missing: 0 }) as const
const allOf = <Members>(wire: string, members: Members) => ({ wire, members, isWhole: true }) as const
const anyOf = <Members>(wire: string, members: Members) => ({ wire, members, isWhole: false }) as const

/** Of one container. */
export const SAMPLE_FIELDS = {
  /** Names this run of the container (the inode of its cgroup): another value means it was started again. */
  runId: whole('run_id'),
  /** Of the cores it is allowed, 0-100. */
  cpuUsagePercent: figure('cpu_usage_percent'),
  cpuCoresUsed: figure('cpu_cores_used'),
  /** Cores it is allowed now: the smaller of its CPU set and its quota. */
  cpuCores: figure('cpu_cores'),
  /** Share of the enforcement periods in which the quota throttled it, 0-100. */
  cpuThrottledPercent: figure('cpu_throttled_percent'),
  /** Without page cache, with shared memory and tmpfs. */
  memoryUsageMb: figure('memory_usage_mb'),
  /** The limit in force, undefined when there is none. */
  memoryLimitMb: figure('memory_limit_mb'),
  /** What the kernel cannot reclaim: a limit below it kills. */
  memoryFloorMb: figure('memory_floor_mb'),
  swapUsageMb: figure('swap_usage_mb'),
  swapTotalMb: figure('swap_total_mb'),
  /** Processes, not threads. */
  processCount: whole('process_count'),
  /** Operations (not bytes) since the container was started. */
  ioStats: allOf('io_stats', { reads: whole('reads'), writes: whole('writes') }),
  /** Bytes since the container was started, as the container sees them. */
  networkUsage: allOf('network_usage', { rxBytes: whole('rx_bytes'), txBytes: whole('tx_bytes') }),
  filesystemUsageGb: figure('filesystem_usage_gb'),
  filesystemFreeGb: figure('filesystem_free_gb'),
  filesystemTotalGb: figure('filesystem_total_gb'),
  /** Smallest and largest of the last cycles (the rolling window of the monitor). */
  minCpuPercent: figure('min_cpu'),
  maxCpuPercent: figure('max_cpu'),
  minMemoryMb: figure('min_memory'),
  maxMemoryMb: figure('max_memory'),
  cpuPerProcessPercent: figure('cpu_per_process'),
  memoryPerProcessMb: figure('memory_per_process'),
  /** Pressure stall information: share of the last 10 s in which tasks stalled, 0-100. */
  pressure: anyOf('pressure', {
    cpuSomePercent: figure('cpu_some'),
    memorySomePercent: figure('memory_some'),
    memoryFullPercent: figure('memory_full'),
    ioSomePercent: figure('io_some'),
    ioFullPercent: figure('io_full'),
  }),
  /** What happened to the memory of the container since the last cycle; counts. */
  memoryEvents: anyOf('memory_events', {
    high: whole('high'),
    /** How often it met its own limit, and processes killed for that. */
    max: whole('max'),
    oomKill: whole('oom_kill'),
    /** The same for limits inside it (containers in the container): a larger limit of its own would not help. */
    innerMax: whole('inner_max'),
    innerOomKill: whole('inner_oom_kill'),
  }),
} as const

/** Of the collection and of the host. */
export const SUMMARY_FIELDS = {
  totalContainers: orZero(whole('total_containers')),
  /** Containers of which no figure at all could be read. */
  failedContainers: orZero(whole('failed_containers')),
  totalDurationSeconds: orZero(figure('total_duration_seconds')),
  monitorCpuPercent: figure('monitor_cpu_percent'),
  monitorMemoryUsageMb: figure('monitor_memory_usage_mb'),
  hostCores: whole('host_cores'),
  hostMemoryMb: figure('host_memory_mb'),
  hostMemoryAvailableMb: figure('host_memory_available_mb'),
  hostLoad1: figure('host_load1'),
} as const

type Value<Of> = Of extends { readonly missing: 0 } ? number : number | undefined
type ValueOf<Of> = Of extends { readonly members: infer Members; readonly isWhole: infer IsWhole }
  ? { readonly [Name in keyof Members]: IsWhole extends true ? number : Value<Members[Name]> } | undefined
  : Value<Of>

/** What the fields hold, each under its name. */
export type Figures<List> = { readonly [Name in keyof List]: ValueOf<List[Name]> }

export type FieldList = Readonly<Record<string, Field | Group>>
