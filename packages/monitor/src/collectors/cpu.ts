import { NS_PER_USEC, USEC_PER_MS } from '@lxc-autoscale/core'
import {
  flatKeyed,
  type HostFiles,
  hasWord,
  type KernelFile,
  OPTIONAL,
  parseCpuCount,
  parseCpuMax,
  parseSingleValue,
} from '@lxc-autoscale/host'
import { growth, ratePerMs } from '../derive/rate.ts'
import type { ContainerRun } from '../host/container-run.ts'
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
  const stat = run.file('cpu', 'cpu.stat')
  const quota = run.file('cpu', 'cpu.max', OPTIONAL)
  const cpus = run.file('cpuset', 'cpuset.cpus.effective', OPTIONAL)
  return () => {
    const [usageUsec, periods, throttledPeriods] = stat?.read(parseUnifiedStat) ?? []
    const cpusetCores = cpus?.read(parseCpuCount)
    const quotaCores = quota?.read(parseCpuMax)
    return {
      usageUsec,
      periods,
      throttledPeriods,
      cpusetCores: isSwitchedOff(cpus, 'cpuset', files) ? host().cores : cpusetCores,
      quotaCores: isSwitchedOff(quota, 'cpu', files) ? Number.POSITIVE_INFINITY : quotaCores,
    }
  }
}

/** A file that is missing limits nothing where its controller is switched off, and is unknown everywhere else. */
function isSwitchedOff(file: KernelFile | undefined, controller: string, files: HostFiles): boolean {
  if (file === undefined || file.absence === undefined) return false
  return files.readOnce(`${file.folder}/cgroup.controllers`, text => hasWord(text, controller)) === false
}

const parseLegacyStat = flatKeyed(['nr_periods', 'nr_throttled'])

/** A controller that is not mounted limits nothing. */
function openLegacy(run: ContainerRun, { host }: CollectorContext): Source<CpuReading> {
  const usage = run.file('cpuacct', 'cpuacct.usage')
  const stat = run.file('cpu', 'cpu.stat')
  const quota = run.file('cpu', 'cpu.cfs_quota_us')
  const period = run.file('cpu', 'cpu.cfs_period_us')
  const cpus = run.file('cpuset', 'cpuset.effective_cpus')
  return () => {
    const usageNs = usage?.read(parseSingleValue)
    const [periods, throttledPeriods] = stat?.read(parseLegacyStat) ?? []
    return {
      usageUsec: usageNs === undefined ? undefined : usageNs / NS_PER_USEC,
      periods,
      throttledPeriods,
      cpusetCores: cpus === undefined ? host().cores : cpus.read(parseCpuCount),
      quotaCores: quota === undefined ? Number.POSITIVE_INFINITY : legacyQuotaCores(quota, period),
    }
  }
}

function legacyQuotaCores(quota: KernelFile, period: KernelFile | undefined): number | undefined {
  const quotaUsec = quota.read(parseSingleValue)
  if (quotaUsec === Number.POSITIVE_INFINITY) return quotaUsec
  const periodUsec = period?.read(parseSingleValue)
  return quotaUsec === undefined || !periodUsec ? undefined : quotaUsec / periodUsec
}
