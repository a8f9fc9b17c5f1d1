import { NS_PER_USEC, USEC_PER_MS } from '@lxc-autoscale/core'
import {
  allowedCores,
  flatKeyed,
  type HostFiles,
  MOST_COUNT,
  mostCpuUsec,
  mostPeriods,
  mostThrottled,
  openCpuAllowance,
  parseSingleValue,
} from '@lxc-autoscale/host'
import { Counter } from '../derive/counter.ts'
import type { ContainerRun } from '../host/container-run.ts'
import { boundsIn, type Collector } from './collector.ts'
import { gauge, ratio } from './container-metric.ts'

/** CPU time, and the cores that the container is really allowed. Source: Linux, admin-guide/cgroup-v2.rst, cpu.stat. */
export const cpu: Collector = {
  metrics: [
    gauge('cpu_usage_cores', 'CPU cores in use.', sample => sample.cpuCoresUsed),
    gauge('cpu_limit_cores', 'CPU cores allowed now, by CPU set and quota.', sample => sample.cpuCores),
    gauge('cpu_usage_ratio', 'Share of the allowed CPU cores in use, 0-1.', sample => ratio(sample.cpuUsagePercent)),
    gauge('cpu_throttled_ratio', 'Share of the enforcement periods in which the CPU quota throttled, 0-1.', sample =>
      ratio(sample.cpuThrottledPercent),
    ),
  ],

  open(run, { files, host, hostMost }) {
    const stat = run.file('cpu', 'cpu.stat')
    const readTimes = run.layout.kind === 'unified' ? () => stat?.read(parseUnifiedStat) : openLegacyTimes(run)
    const readAllowance = openCpuAllowance(files, run, () => host().cores)
    const named = stat ?? { path: `CPU time of ${run.vmid}` }
    const mostUsage = (elapsedMs: number) => mostCpuUsec(elapsedMs, hostMost().cores)
    const usage = new Counter(boundsIn(files, named, { most: MOST_COUNT, mostGrowth: mostUsage }))
    const periodBounds = boundsIn(files, named, { most: MOST_COUNT, mostGrowth: mostPeriods })
    const periods = new Counter(periodBounds)
    const throttled = new Counter(periodBounds)
    return (sample, timing) => {
      const [usageUsec, nrPeriods, nrThrottled] = readTimes() ?? []
      usage.take(usageUsec, timing)
      const usecPerMs = usage.growthPerMs
      const coresUsed = usecPerMs === undefined ? undefined : usecPerMs / USEC_PER_MS
      const cores = allowedCores(readAllowance())
      sample.cpuCoresUsed = coresUsed
      sample.cpuCores = cores
      sample.cpuUsagePercent = percentOf(coresUsed, cores)
      periods.take(nrPeriods, timing)
      throttled.take(nrThrottled, timing, nrPeriods === undefined ? undefined : mostThrottled(nrPeriods))
      sample.cpuThrottledPercent = throttledPercent(files, periods, throttled, named)
    }
  },
}

const parseUnifiedStat = flatKeyed(['usage_usec', 'nr_periods', 'nr_throttled'])
const parseLegacyStat = flatKeyed(['nr_periods', 'nr_throttled'])

/** cgroup v1 counts nanoseconds, in a controller of its own. Source: Linux, admin-guide/cgroup-v1/cpuacct.rst. */
function openLegacyTimes(run: ContainerRun): () => readonly (number | undefined)[] {
  const usage = run.file('cpuacct', 'cpuacct.usage')
  const stat = run.file('cpu', 'cpu.stat')
  return () => {
    const usageNs = usage?.read(parseSingleValue)
    return [usageNs === undefined ? undefined : usageNs / NS_PER_USEC, ...(stat?.read(parseLegacyStat) ?? [])]
  }
}

function percentOf(used: number | undefined, allowed: number | undefined): number | undefined {
  return used === undefined || allowed === undefined ? undefined : Math.min(100, (100 * used) / allowed)
}

/** The two need not have grown over the same time: a reading of one of them may not have been believed. */
function throttledPercent(files: HostFiles, periods: Counter, throttled: Counter, named: { readonly path: string }) {
  if (periods.growth === undefined || throttled.growth === undefined) return undefined
  const share = periods.elapsedMs === throttled.elapsedMs ? 1 : periods.elapsedMs / throttled.elapsedMs
  const grown = files.within(throttled.growth * share, mostThrottled(periods.growth), named)
  if (grown === undefined) return undefined
  return periods.growth === 0 ? 0 : Math.min(100, (100 * grown) / periods.growth)
}
