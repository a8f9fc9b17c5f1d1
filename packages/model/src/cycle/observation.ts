import type { ContainerSample } from '@lxc-autoscale/core'
import type { Observation } from '../policy/decision.ts'
import { localTimeMs } from './local-time.ts'

/** A sample of the metrics file as the policy sees it. */
export function observationOf(sample: ContainerSample): Observation {
  const { pressure, memoryEvents } = sample
  return {
    timeMs: sample.timestampMs,
    localTimeMs: localTimeMs(sample.timestampMs),
    allocation: { cores: sample.cpuCores, memoryMb: sample.memoryLimitMb },
    cpuCoresUsed: sample.cpuCoresUsed ?? coresFromPercent(sample),
    cpuThrottledPercent: sample.cpuThrottledPercent,
    cpuPressurePercent: pressure?.cpuSomePercent,
    memoryUsedMb: sample.memoryUsageMb,
    memoryFloorMb: sample.memoryFloorMb,
    swapUsedMb: sample.swapUsageMb,
    memoryPressurePercent: pressure?.memorySomePercent,
    memoryHighEvents: memoryEvents?.high,
    memoryMaxEvents: memoryEvents?.max,
    oomKills: memoryEvents?.oomKill,
  }
}

/** A file of the Python predecessor has the percentage only, which is of the cores that were allowed. */
function coresFromPercent({ cpuUsagePercent, cpuCores }: ContainerSample): number | undefined {
  return cpuUsagePercent === undefined || cpuCores === undefined ? undefined : (cpuUsagePercent / 100) * cpuCores
}
