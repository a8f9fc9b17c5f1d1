import { BYTES_PER_MB } from '@lxc-autoscale/core'
import { openMemory, openMemoryLimit } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'
import { bytes, gauge } from './container-metric.ts'

/** Memory in use, what of it cannot be reclaimed, and the limit. */
export const memory: Collector = {
  metrics: [
    gauge('memory_usage_bytes', 'Memory in use, without page cache, with shared memory and tmpfs.', sample =>
      bytes(sample.memoryUsageMb, BYTES_PER_MB),
    ),
    gauge('memory_limit_bytes', 'Memory limit; no sample where there is none.', sample =>
      bytes(sample.memoryLimitMb, BYTES_PER_MB),
    ),
    gauge('memory_floor_bytes', 'Memory that the kernel cannot reclaim.', sample =>
      bytes(sample.memoryFloorMb, BYTES_PER_MB),
    ),
  ],

  open(run, { files, hostMost }) {
    const readMemory = openMemory(files, run, () => hostMost().memoryBytes)
    const readLimit = openMemoryLimit(run)
    return sample => {
      const { usedBytes, floorBytes } = readMemory()
      const limitBytes = readLimit()
      sample.memoryUsageMb = inMb(usedBytes)
      sample.memoryLimitMb = limitBytes === Number.POSITIVE_INFINITY ? undefined : inMb(limitBytes)
      sample.memoryFloorMb = inMb(floorBytes)
    }
  },
}

function inMb(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value / BYTES_PER_MB
}
