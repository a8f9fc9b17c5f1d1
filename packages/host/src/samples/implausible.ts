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
type Known<Name extends keyof ContainerSample> = NonNullable<ContainerSample[Name]>
interface Bound {
  readonly name: string
  readonly most: number
  readonly of:
    | keyof ContainerSample
    | `ioStats?.${keyof Known<'ioStats'>}`
    | `networkUsage?.${keyof Known<'networkUsage'>}`
    | `pressure?.${keyof Known<'pressure'>}`
    | `memoryEvents?.${keyof Known<'memoryEvents'>}`
}

/** Bounds that hold for every machine, for all that anything is learned from. None of these figures can be negative. */
const BOUNDS: readonly Bound[] = [
  { name: 'cores in use', most: MOST_CORES, of: 'cpuCoresUsed' },
  { name: 'allowed cores', most: MOST_CORES, of: 'cpuCores' },
  // The Python predecessor's may be of one core.
  { name: 'CPU use, percent', most: 100 * MOST_CORES, of: 'cpuUsagePercent' },
  { name: 'throttled time, percent', most: MOST_SHARE, of: 'cpuThrottledPercent' },
  { name: 'MB in use', most: MOST_MEMORY_MB, of: 'memoryUsageMb' },
  { name: 'MB as memory limit', most: MOST_MEMORY_MB, of: 'memoryLimitMb' },
  { name: 'MB that it cannot give up', most: MOST_MEMORY_MB, of: 'memoryFloorMb' },
  { name: 'MB of swap in use', most: MOST_MEMORY_MB, of: 'swapUsageMb' },
  { name: 'MB of swap', most: MOST_MEMORY_MB, of: 'swapTotalMb' },
  { name: 'processes', most: MOST_PROCESSES, of: 'processCount' },
  { name: 'GB of files', most: MOST_FILESYSTEM_GB, of: 'filesystemUsageGb' },
  { name: 'GB free', most: MOST_FILESYSTEM_GB, of: 'filesystemFreeGb' },
  { name: 'GB of file system', most: MOST_FILESYSTEM_GB, of: 'filesystemTotalGb' },
  { name: 'operations read', most: MOST_OPERATIONS, of: 'ioStats?.reads' },
  { name: 'operations written', most: MOST_OPERATIONS, of: 'ioStats?.writes' },
  { name: 'bytes received', most: MOST_OPERATIONS, of: 'networkUsage?.rxBytes' },
  { name: 'bytes sent', most: MOST_OPERATIONS, of: 'networkUsage?.txBytes' },
  { name: 'CPU pressure, percent', most: MOST_SHARE, of: 'pressure?.cpuSomePercent' },
  { name: 'memory pressure, percent', most: MOST_SHARE, of: 'pressure?.memorySomePercent' },
  { name: 'full memory pressure, percent', most: MOST_SHARE, of: 'pressure?.memoryFullPercent' },
  { name: 'input and output pressure, percent', most: MOST_SHARE, of: 'pressure?.ioSomePercent' },
  { name: 'full input and output pressure, percent', most: MOST_SHARE, of: 'pressure?.ioFullPercent' },
  { name: 'times throttled for memory', most: MOST_EVENTS, of: 'memoryEvents?.high' },
  { name: 'times at the memory limit', most: MOST_EVENTS, of: 'memoryEvents?.max' },
  { name: 'processes killed', most: MOST_PROCESSES, of: 'memoryEvents?.oomKill' },
  { name: 'times at a limit inside', most: MOST_EVENTS, of: 'memoryEvents?.innerMax' },
  { name: 'processes killed at a limit inside', most: MOST_PROCESSES, of: 'memoryEvents?.innerOomKill' },
]

/** What is out of bounds, in words. Put together as the reader of the file is: a walk over the list takes some times as long. */
const beyondBounds: (sample: Figures) => string | undefined = new Function(
  'sample',
  `let value\n${BOUNDS.map(
    ({ name, most, of }) =>
      `value = sample.${of}\nif (value !== undefined && !(value >= 0 && value <= ${most})) return value + ' ${name}'`,
  ).join('\n')}`,
) as (sample: Figures) => string | undefined

/**
 * Why a sample cannot be true, in words; undefined when it can. Such a sample is learned by nobody. The bounds follow from what a
 * machine is and from the sample itself: nothing uses far more than it is allowed, or gives back more than it has.
 */
export function implausible(sample: Figures, { before, host }: Surroundings = {}): string | undefined {
  return beyondBounds(sample) ?? beyondCores(sample, before, host) ?? beyondMemory(sample, before, host)
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
