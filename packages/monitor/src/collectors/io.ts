import type { IoStats } from '@lxc-autoscale/core'
import type { Parse } from '@lxc-autoscale/host'
import { type KernelFile, type NestedValues, nestedKeyed, nestedOperations, OPTIONAL } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'

/** Operations since the cgroup was made. */
export interface IoReading {
  readonly reads: number
  readonly writes: number
}

export interface IoMetrics {
  readonly ioStats: IoStats
}

const parseUnified = nestedKeyed(['rios', 'wios'])
const parseLegacy = nestedOperations(['Read', 'Write'])

/**
 * Block device operations, over all devices that count.
 * Source: Linux, admin-guide/cgroup-v2.rst, io.stat; admin-guide/cgroup-v1/blkio-controller.rst.
 */
export const io: Collector<IoReading, IoMetrics> = {
  open(run, { countsDevice }) {
    const isUnified = run.layout.kind === 'unified'
    const file = run.file('blkio', isUnified ? 'io.stat' : 'blkio.throttle.io_serviced_recursive', OPTIONAL)
    const parse = isUnified ? parseUnified : parseLegacy
    return () => (file === undefined ? undefined : readTotal(file, parse, countsDevice))
  },

  derive: ({ current }) => ({ ioStats: current }),
}

/** Undefined when the only devices with traffic are ones that do not count: how much reached a disk is not known then. */
function readTotal(
  file: KernelFile,
  parse: Parse<readonly NestedValues[]>,
  countsDevice: (device: string) => boolean,
): IoReading | undefined {
  const devices = file.read(parse)
  if (devices === undefined) return undefined
  let counted = 0
  let reads = 0
  let writes = 0
  for (const { name, values } of devices) {
    if (!countsDevice(name)) continue
    counted++
    reads += values[0] ?? 0
    writes += values[1] ?? 0
  }
  return devices.length > 0 && counted === 0 ? undefined : { reads, writes }
}
