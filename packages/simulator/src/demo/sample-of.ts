import { type ContainerSample, emptySample } from '@lxc-autoscale/core'
import { BYTES_PER_MB, USEC_PER_MS } from '@lxc-autoscale/core/units'
import type { ContainerState } from '../engine/container-state.ts'
import { currentBytes } from '../kernel/memory-state.ts'

/** What a container is allowed. */
export interface Size {
  readonly cores: number
  readonly memoryMb: number
}

/** What lies between two looks at a container. */
export interface Look {
  readonly timestampMs: number
  readonly elapsedMs: number
  readonly before: ContainerState
  readonly now: ContainerState
  /** In force between the two. */
  readonly size: Size
  readonly processes: number
}

/** What the monitor would have written of a container, but for what it has seen of it before and for its file system. */
export function sampleOf({ timestampMs, elapsedMs, before, now, size, processes }: Look): ContainerSample {
  const { memory, disk, traffic } = now
  const cpuCoresUsed = (cpuUsec(now) - cpuUsec(before)) / (elapsedMs * USEC_PER_MS)
  const cpuUsagePercent = (100 * cpuCoresUsed) / size.cores
  const memoryUsageMb = (currentBytes(memory) - memory.cache) / BYTES_PER_MB
  return {
    ...emptySample(),
    timestampMs,
    cpuUsagePercent,
    cpuCoresUsed,
    cpuCores: size.cores,
    cpuThrottledPercent: 0,
    memoryUsageMb,
    memoryLimitMb: size.memoryMb,
    memoryFloorMb: (memory.anon + memory.shmem + memory.kernel) / BYTES_PER_MB,
    swapUsageMb: memory.swap / BYTES_PER_MB,
    swapTotalMb: 0,
    processCount: processes,
    ioStats: { reads: Math.trunc(disk.reads), writes: Math.trunc(disk.writes) },
    networkUsage: { rxBytes: Math.trunc(traffic.rxBytes), txBytes: Math.trunc(traffic.txBytes) },
    cpuPerProcessPercent: cpuUsagePercent / processes,
    memoryPerProcessMb: memoryUsageMb / processes,
    pressure: {
      cpuSomePercent: now.cpuPressure.some.avg10,
      memorySomePercent: now.memoryPressure.some.avg10,
      memoryFullPercent: now.memoryPressure.full.avg10,
      ioSomePercent: now.diskPressure.some.avg10,
      ioFullPercent: now.diskPressure.full.avg10,
    },
    memoryEvents: {
      high: now.memoryEvents.high - before.memoryEvents.high,
      max: now.memoryEvents.max - before.memoryEvents.max,
      oomKill: now.memoryEvents.oomKill - before.memoryEvents.oomKill,
      innerMax: 0,
      innerOomKill: 0,
    },
  }
}

function cpuUsec({ cpu }: ContainerState): number {
  return cpu.userUsec + cpu.systemUsec
}
