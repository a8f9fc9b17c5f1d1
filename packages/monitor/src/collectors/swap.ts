import { BYTES_PER_MB } from '@lxc-autoscale/core'
import { openSwapLimit, openSwapUse } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'
import { bytes, gauge } from './container-metric.ts'

/** Swap in use, and the limit, or what the host has where there is no limit. */
export const swap: Collector = {
  metrics: [
    gauge('swap_usage_bytes', 'Swap in use.', sample => bytes(sample.swapUsageMb, BYTES_PER_MB)),
    gauge('swap_limit_bytes', 'Swap that may be used.', sample => bytes(sample.swapTotalMb, BYTES_PER_MB)),
  ],

  open(run, { files, host, hostMost }) {
    const readUse = openSwapUse(files, run, () => hostMost().swapBytes)
    const readLimit = openSwapLimit(run)
    return sample => {
      const usedBytes = readUse()
      const limitBytes = readLimit()
      sample.swapUsageMb = usedBytes === undefined ? undefined : usedBytes / BYTES_PER_MB
      sample.swapTotalMb =
        limitBytes === Number.POSITIVE_INFINITY ? host().swapTotalMb : limitBytes && limitBytes / BYTES_PER_MB
    }
  },
}
