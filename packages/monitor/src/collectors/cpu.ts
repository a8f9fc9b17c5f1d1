import { NS_PER_USEC, USEC_PER_MS } from '@lxc-autoscale/core'
import { growth, ratePerMs } from '../derive/rate.ts'
import type { ContainerRun } from '../host/container-run.ts'
import { type KernelFile, OPTIONAL } from '../host/host-files.ts'
import { parseCpuCount } from '../parse/cpu-list.ts'
import { parseCpuMax } from '../parse/cpu-max.ts'
import { flatKeyed } from '../parse/flat-keyed.ts'
import { parseSingleValue } from '../parse/single-value.ts'
import type { Collector, CollectorContext, Source } from './collector.ts'

export interface CpuReading {
  /** CPU time since the cgroup was made, microseconds. */
  readonly usageUsec: number | undefined
  /** Periods in which the quota was enforced, and those of them in which it throttled. */
  readonly periods: number | undefined
  readonly throttledPeriods: number | undefined
  /** CPUs it may run on. */
  readonly cpusetCores: number | undefined
  /** Cores that the quota allows; Infinity without a quota. */
  readonly quotaCores: number | undefined
}

export interface CpuMetrics {
  readonly cpuCoresUsed: number | undefined
  readonly cpuCores: number | undefined
  readonly cpuUsagePercent: number | undefined
  readonly cpuThrottledPercent: number | undefined
}

/**
 * CPU time from a counter, and the cores that the container is really allowed: the smaller of its CPU set and its quota.
 * Source: Linux, admin-guide/cgroup-v2.rst, cpu.stat, cpu.max, cpuset.cpus.effective; scheduler/sched-bwc.rst for v1.
 */
export const cpu: Collector<CpuReading, CpuMetrics> = {
  open: (run, context) => (run.layout.kind === 'unified' ? openUnified(run, context) : openLegacy(run, context)),

  isPaired: true,

  derive({ previous, current, elapsedMs }) {
    const usecPerMs = ratePerMs({ previous: previous?.usageUsec, current: current.usageUsec }, elapsedMs)
    const cpuCoresUsed = usecPerMs === undefined ? undefined : usecPerMs / USEC_PER_MS
    const cpuCores = allowedCores(current)
    return {
      cpuCoresUsed,
      cpuCores,
      cpuUsagePercent:
        cpuCoresUsed === undefined || cpuCores === undefined
          ? undefined
          : Math.min(100, (100 * cpuCoresUsed) / cpuCores),
      cpuThrottledPercent: throttledPercent(previous, current),
    }
  },
}

function allowedCores({ cpusetCores, quotaCores }: CpuReading): number | undefined {
  if (cpusetCores === undefined || quotaCores === undefined) return undefined
  return Math.min(cpusetCores, quotaCores)
}

function throttledPercent(previous: CpuReading | undefined, current: CpuReading): number | undefined {
  const periods = growth({ previous: previous?.periods, current: current.periods })
  const throttled = growth({ previous: previous?.throttledPeriods, current: current.throttledPeriods })
  if (periods === undefined || throttled === undefined) return undefined
  return periods === 0 ? 0 : Math.min(100, (100 * throttled) / periods)
}

const parseUnifiedStat = flatKeyed(['usage_usec', 'nr_periods', 'nr_throttled'])

function openUnified(run: ContainerRun, { files, host }: CollectorContext): Source<CpuReading> {
  const folder = run.folder('cpu') ?? ''
  const stat = files.file(folder, 'cpu.stat')
  const quota = files.file(folder, 'cpu.max', OPTIONAL)
  const cpus = files.file(folder, 'cpuset.cpus.effective', OPTIONAL)
  return source([stat, quota, cpus], () => {
    const [usageUsec, periods, throttledPeriods] = stat.read(parseUnifiedStat) ?? []
    return {
      usageUsec,
      periods,
      throttledPeriods,
      cpusetCores: orWhenAbsent(cpus, cpus.read(parseCpuCount), () => host().cores),
      quotaCores: orWhenAbsent(quota, quota.read(parseCpuMax), () => Number.POSITIVE_INFINITY),
    }
  })
}

const parseLegacyStat = flatKeyed(['nr_periods', 'nr_throttled'])

function openLegacy(run: ContainerRun, { files, host }: CollectorContext): Source<CpuReading> {
  const usage = files.file(run.folder('cpuacct') ?? '', 'cpuacct.usage')
  const cpuFolder = run.folder('cpu') ?? ''
  const stat = files.file(cpuFolder, 'cpu.stat')
  const quota = files.file(cpuFolder, 'cpu.cfs_quota_us', OPTIONAL)
  const period = files.file(cpuFolder, 'cpu.cfs_period_us', OPTIONAL)
  const cpus = files.file(run.folder('cpuset') ?? '', 'cpuset.effective_cpus', OPTIONAL)
  return source([usage, stat, quota, period, cpus], () => {
    const usageNs = usage.read(parseSingleValue)
    const [periods, throttledPeriods] = stat.read(parseLegacyStat) ?? []
    const quotaUsec = quota.read(parseSingleValue)
    const periodUsec = quotaUsec === Number.POSITIVE_INFINITY ? 1 : period.read(parseSingleValue)
    const quotaCores = quotaUsec === undefined || !periodUsec ? undefined : quotaUsec / periodUsec
    return {
      usageUsec: usageNs === undefined ? undefined : usageNs / NS_PER_USEC,
      periods,
      throttledPeriods,
      cpusetCores: orWhenAbsent(cpus, cpus.read(parseCpuCount), () => host().cores),
      quotaCores: orWhenAbsent(quota, quotaCores, () => Number.POSITIVE_INFINITY),
    }
  })
}

/** A controller that the host does not have does not limit: then `fallback` holds. */
function orWhenAbsent(
  file: KernelFile,
  value: number | undefined,
  fallback: () => number | undefined,
): number | undefined {
  return value === undefined && file.isAbsent ? fallback() : value
}

function source(files: readonly KernelFile[], read: () => CpuReading): Source<CpuReading> {
  return {
    read,
    close: () => {
      for (const file of files) file.close()
    },
  }
}
