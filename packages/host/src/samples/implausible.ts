import { BYTES_PER_GB, BYTES_PER_MB, type ContainerSample, type CycleSummary, MS_PER_MINUTE } from '@lxc-autoscale/core'
import {
  between,
  MOST_CORES,
  MOST_COUNT,
  MOST_HOST_BYTES,
  MOST_OPERATIONS,
  MOST_PERCENT,
  MOST_PROCESSES,
  mostLimitHits,
} from '../bounds.ts'
import type { HostSize } from '../host-figures.ts'

/** What else bounds a sample. A part that is not known bounds nothing. */
export interface Surroundings {
  /** What stood against the limits that may still have been in force: the sample before, or what is configured now. */
  readonly before?: Pick<ContainerSample, 'cpuCores' | 'memoryLimitMb' | 'swapUsageMb'> | undefined
  readonly host?: HostSize | undefined
}

const MOST_MEMORY_MB = MOST_HOST_BYTES / BYTES_PER_MB
/** The largest file of any file system has 2^63 bytes. Source: Linux, include/linux/fs.h, MAX_LFS_FILESIZE. */
const MOST_FILESYSTEM_GB = MOST_COUNT / BYTES_PER_GB
/** Shares are rounded, and measured over an interval that is not exactly that of the kernel. */
const MOST_SHARE = MOST_PERCENT + 1
/** Hits on a limit between two samples: 64 cores that did nothing else for a minute. The monitor knows cores and time, and bounds them closer. */
const MOST_EVENTS = mostLimitHits(MS_PER_MINUTE, 64)

type Figures = Partial<ContainerSample>
interface Bound {
  readonly name: string
  readonly most: number
  readonly of: (sample: Figures) => number | undefined
}

/** Bounds that hold for every machine, for all that anything is learned from. None of these figures can be negative. */
const BOUNDS: readonly Bound[] = [
  { name: 'cores in use', most: MOST_CORES, of: sample => sample.cpuCoresUsed },
  { name: 'allowed cores', most: MOST_CORES, of: sample => sample.cpuCores },
  // The Python predecessor's may be of one core.
  { name: 'CPU use, percent', most: 100 * MOST_CORES, of: sample => sample.cpuUsagePercent },
  { name: 'throttled time, percent', most: MOST_SHARE, of: sample => sample.cpuThrottledPercent },
  { name: 'MB in use', most: MOST_MEMORY_MB, of: sample => sample.memoryUsageMb },
  { name: 'MB as memory limit', most: MOST_MEMORY_MB, of: sample => sample.memoryLimitMb },
  { name: 'MB that it cannot give up', most: MOST_MEMORY_MB, of: sample => sample.memoryFloorMb },
  { name: 'MB of swap in use', most: MOST_MEMORY_MB, of: sample => sample.swapUsageMb },
  { name: 'MB of swap', most: MOST_MEMORY_MB, of: sample => sample.swapTotalMb },
  { name: 'processes', most: MOST_PROCESSES, of: sample => sample.processCount },
  { name: 'GB of files', most: MOST_FILESYSTEM_GB, of: sample => sample.filesystemUsageGb },
  { name: 'GB free', most: MOST_FILESYSTEM_GB, of: sample => sample.filesystemFreeGb },
  { name: 'GB of file system', most: MOST_FILESYSTEM_GB, of: sample => sample.filesystemTotalGb },
  { name: 'operations read', most: MOST_OPERATIONS, of: sample => sample.ioStats?.reads },
  { name: 'operations written', most: MOST_OPERATIONS, of: sample => sample.ioStats?.writes },
  { name: 'bytes received', most: MOST_OPERATIONS, of: sample => sample.networkUsage?.rxBytes },
  { name: 'bytes sent', most: MOST_OPERATIONS, of: sample => sample.networkUsage?.txBytes },
  { name: 'CPU pressure, percent', most: MOST_SHARE, of: sample => sample.pressure?.cpuSomePercent },
  { name: 'memory pressure, percent', most: MOST_SHARE, of: sample => sample.pressure?.memorySomePercent },
  { name: 'full memory pressure, percent', most: MOST_SHARE, of: sample => sample.pressure?.memoryFullPercent },
  { name: 'input and output pressure, percent', most: MOST_SHARE, of: sample => sample.pressure?.ioSomePercent },
  { name: 'full input and output pressure, percent', most: MOST_SHARE, of: sample => sample.pressure?.ioFullPercent },
  { name: 'times throttled for memory', most: MOST_EVENTS, of: sample => sample.memoryEvents?.high },
  { name: 'times at the memory limit', most: MOST_EVENTS, of: sample => sample.memoryEvents?.max },
  { name: 'processes killed', most: MOST_PROCESSES, of: sample => sample.memoryEvents?.oomKill },
  { name: 'times at a limit inside', most: MOST_EVENTS, of: sample => sample.memoryEvents?.innerMax },
  { name: 'processes killed at a limit inside', most: MOST_PROCESSES, of: sample => sample.memoryEvents?.innerOomKill },
]

/**
 * Why a sample cannot be true, in words; undefined when it can. Such a sample is learned by nobody. The bounds follow from what a
 * machine is and from the sample itself: nothing uses far more than it is allowed, or gives back more than it has.
 */
export function implausible(sample: Figures, { before, host }: Surroundings = {}): string | undefined {
  for (const { name, most, of } of BOUNDS) {
    const value = of(sample)
    if (value !== undefined && !(value >= 0 && value <= most)) return `${value} ${name}`
  }
  return beyondCores(sample, before, host) ?? beyondMemory(sample, before, host)
}

function beyondCores(
  { cpuCoresUsed, cpuUsagePercent, cpuCores }: Figures,
  before: Surroundings['before'],
  host: HostSize | undefined,
): string | undefined {
  const allowed = larger(cpuCores, before?.cpuCores)
  if (isBeyond(cpuCoresUsed, allowed)) return `${cpuCoresUsed} cores in use where ${allowed} are allowed`
  if (isBeyond(cpuCoresUsed, host?.cores)) return `${cpuCoresUsed} cores in use on a host of ${host?.cores}`
  const fromPercent =
    cpuUsagePercent === undefined || cpuCores === undefined ? undefined : (cpuUsagePercent / 100) * cpuCores
  return isBeyond(fromPercent, allowed) ? `${cpuUsagePercent} % of ${cpuCores} cores in use` : undefined
}

function beyondMemory(
  { memoryUsageMb, memoryLimitMb, memoryFloorMb, swapUsageMb, swapTotalMb }: Figures,
  before: Surroundings['before'],
  host: HostSize | undefined,
): string | undefined {
  const allowedMb = larger(memoryLimitMb, before?.memoryLimitMb)
  if (isBeyond(memoryUsageMb, allowedMb)) return `${memoryUsageMb} MB in use where ${allowedMb} are allowed`
  if (memoryUsageMb !== undefined && memoryUsageMb > (host?.memoryMb ?? memoryUsageMb)) {
    return `${memoryUsageMb} MB in use on a host of ${host?.memoryMb}`
  }
  if (memoryUsageMb !== undefined && isBeyond(memoryFloorMb, memoryUsageMb + FLOOR_ROOM_MB)) {
    return `it cannot give up ${memoryFloorMb} MB, but uses ${memoryUsageMb}`
  }
  // A person can take swap away that is in use; it cannot become more after that.
  const swappedMb = larger(swapTotalMb, before?.swapUsageMb)
  const isKnown = swapTotalMb !== undefined && before !== undefined
  return isKnown && isBeyond(swapUsageMb, swappedMb)
    ? `${swapUsageMb} MB of ${swapTotalMb} MB of swap in use`
    : undefined
}

/** A floor may hold some room for what an older kernel does not tell. */
const FLOOR_ROOM_MB = 32

/** The limit is read at another moment than the use, and cores are counted over an interval. */
const TOLERANCE = 1.5

function isBeyond(used: number | undefined, allowed: number | undefined): boolean {
  return used !== undefined && allowed !== undefined && allowed >= 0 && used > allowed * TOLERANCE + 1
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a : Math.max(a, b)
}

/** What a cycle says of the host, as far as a host can be so. */
export function plausibleHost({ hostCores, hostMemoryMb, hostMemoryAvailableMb }: CycleSummary) {
  const memoryMb = between(hostMemoryMb, 0, MOST_MEMORY_MB)
  return {
    cores: between(hostCores, 0, MOST_CORES),
    memoryMb,
    memoryAvailableMb: between(hostMemoryAvailableMb, 0, memoryMb ?? MOST_MEMORY_MB),
  }
}
