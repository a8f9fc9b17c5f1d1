import { formatFlatKeyed, parseFlatKeyed } from './flat-keyed.ts'

/** `cpu.stat` of a cgroup. */
export interface CpuCounters {
  readonly userUsec: number
  readonly systemUsec: number
  readonly periods: number
  readonly throttledPeriods: number
  readonly throttledUsec: number
}

const NONE: CpuCounters = { userUsec: 0, systemUsec: 0, periods: 0, throttledPeriods: 0, throttledUsec: 0 }

/** As the kernel prints it. Source: Documentation/admin-guide/cgroup-v2.rst, cpu.stat. */
export function formatCpuStat(counters: CpuCounters): string {
  const userUsec = Math.trunc(counters.userUsec)
  const systemUsec = Math.trunc(counters.systemUsec)
  return formatFlatKeyed([
    ['usage_usec', userUsec + systemUsec],
    ['user_usec', userUsec],
    ['system_usec', systemUsec],
    ['nice_usec', 0],
    ['nr_periods', counters.periods],
    ['nr_throttled', counters.throttledPeriods],
    ['throttled_usec', counters.throttledUsec],
    ['nr_bursts', 0],
    ['burst_usec', 0],
  ])
}

/** `cpu.stat` of a cgroup that has just been made. */
export function formatNoCpuStat(): string {
  return formatCpuStat(NONE)
}

/** The same the other way round. */
export function parseCpuStat(text: string): CpuCounters {
  const stat = parseFlatKeyed(text)
  return {
    userUsec: stat.get('user_usec') ?? 0,
    systemUsec: stat.get('system_usec') ?? 0,
    periods: stat.get('nr_periods') ?? 0,
    throttledPeriods: stat.get('nr_throttled') ?? 0,
    throttledUsec: stat.get('throttled_usec') ?? 0,
  }
}
