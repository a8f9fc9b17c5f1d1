import { BYTES_PER_GB, BYTES_PER_MB, type ContainerSample, parseCycle } from '@lxc-autoscale/core'

/** The newest figures of the containers, for the exposition. */
export interface LatestCycle {
  /** The element of the metrics file. */
  readonly line: Uint8Array
  readonly nameOf: (vmid: number) => string | undefined
}

interface ContainerMetric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  /** In the unit that the name says; undefined leaves the container out. */
  readonly value: (sample: ContainerSample) => number | undefined
}

const bytes = (value: number | undefined, unitBytes: number) =>
  value === undefined ? undefined : Math.round(value * unitBytes)
const ratio = (percent: number | undefined) => (percent === undefined ? undefined : percent / 100)

/** Names and help texts are part of the interface: they stay. */
export const CONTAINER_METRICS: readonly ContainerMetric[] = [
  gauge('cpu_usage_cores', 'CPU cores in use.', sample => sample.cpuCoresUsed),
  gauge('cpu_limit_cores', 'CPU cores allowed now, by CPU set and quota.', sample => sample.cpuCores),
  gauge('cpu_usage_ratio', 'Share of the allowed CPU cores in use, 0-1.', sample => ratio(sample.cpuUsagePercent)),
  gauge('cpu_throttled_ratio', 'Share of the enforcement periods in which the CPU quota throttled, 0-1.', sample =>
    ratio(sample.cpuThrottledPercent),
  ),
  gauge('memory_usage_bytes', 'Memory in use, without page cache, with shared memory and tmpfs.', sample =>
    bytes(sample.memoryUsageMb, BYTES_PER_MB),
  ),
  gauge('memory_limit_bytes', 'Memory limit; no sample where there is none.', sample =>
    bytes(sample.memoryLimitMb, BYTES_PER_MB),
  ),
  gauge('memory_floor_bytes', 'Memory that the kernel cannot reclaim.', sample =>
    bytes(sample.memoryFloorMb, BYTES_PER_MB),
  ),
  gauge('swap_usage_bytes', 'Swap in use.', sample => bytes(sample.swapUsageMb, BYTES_PER_MB)),
  gauge('swap_limit_bytes', 'Swap that may be used.', sample => bytes(sample.swapTotalMb, BYTES_PER_MB)),
  gauge('processes', 'Processes (not threads).', sample => sample.processCount),
  counter(
    'io_reads_total',
    'Block device read operations since the container was started.',
    sample => sample.ioStats?.reads,
  ),
  counter(
    'io_writes_total',
    'Block device write operations since the container was started.',
    sample => sample.ioStats?.writes,
  ),
  counter(
    'network_receive_bytes_total',
    'Bytes received, as the container sees it.',
    sample => sample.networkUsage?.rxBytes,
  ),
  counter(
    'network_transmit_bytes_total',
    'Bytes sent, as the container sees it.',
    sample => sample.networkUsage?.txBytes,
  ),
  gauge('filesystem_usage_bytes', 'Root file system: bytes in use.', sample =>
    bytes(sample.filesystemUsageGb, BYTES_PER_GB),
  ),
  gauge('filesystem_free_bytes', 'Root file system: bytes free for unprivileged users.', sample =>
    bytes(sample.filesystemFreeGb, BYTES_PER_GB),
  ),
  gauge('filesystem_size_bytes', 'Root file system: size.', sample => bytes(sample.filesystemTotalGb, BYTES_PER_GB)),
  gauge('pressure_cpu_some_ratio', 'Share of the last 10 s in which some tasks waited for CPU, 0-1.', sample =>
    ratio(sample.pressure?.cpuSomePercent),
  ),
  gauge('pressure_memory_some_ratio', 'Share of the last 10 s in which some tasks waited for memory, 0-1.', sample =>
    ratio(sample.pressure?.memorySomePercent),
  ),
  gauge('pressure_memory_full_ratio', 'Share of the last 10 s in which all tasks waited for memory, 0-1.', sample =>
    ratio(sample.pressure?.memoryFullPercent),
  ),
  gauge('pressure_io_some_ratio', 'Share of the last 10 s in which some tasks waited for IO, 0-1.', sample =>
    ratio(sample.pressure?.ioSomePercent),
  ),
  gauge('pressure_io_full_ratio', 'Share of the last 10 s in which all tasks waited for IO, 0-1.', sample =>
    ratio(sample.pressure?.ioFullPercent),
  ),
  gauge(
    'memory_events_oom_kills',
    'Processes killed for lack of memory between the last two cycles.',
    sample => sample.memoryEvents?.oomKill,
  ),
]

function gauge(name: string, help: string, value: ContainerMetric['value']): ContainerMetric {
  return { name: `lxc_container_${name}`, type: 'gauge', help, value }
}

function counter(name: string, help: string, value: ContainerMetric['value']): ContainerMetric {
  return { name: `lxc_container_${name}`, type: 'counter', help, value }
}

/**
 * The figures of all containers in the text format of Prometheus. It is made from the last cycle when somebody asks for
 * it: keeping some twenty values per container in a registry in each cycle would cost more than measuring them.
 */
export function formatContainerMetrics({ line, nameOf }: LatestCycle): string {
  const containers = parseCycle(Buffer.from(line).toString('latin1'))?.containers ?? new Map<number, ContainerSample>()
  const lines: string[] = []
  for (const { name, type, help, value } of CONTAINER_METRICS) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [vmid, sample] of containers) {
      const known = value(sample)
      if (known !== undefined) lines.push(`${name}{vmid="${vmid}"} ${known}`)
    }
  }
  lines.push('# HELP lxc_container_info Name of the container; always 1.', '# TYPE lxc_container_info gauge')
  for (const vmid of containers.keys()) {
    lines.push(`lxc_container_info{vmid="${vmid}",name="${escapeLabel(nameOf(vmid) ?? `CT${vmid}`)}"} 1`)
  }
  return `${lines.join('\n')}\n`
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
