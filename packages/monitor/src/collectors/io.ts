import {
  type KernelFile,
  MOST_OPERATIONS,
  mostOperations,
  type NestedValues,
  nestedKeyed,
  nestedOperations,
  OPTIONAL,
  type Parse,
} from '@lxc-autoscale/host'
import { Counter } from '../derive/counter.ts'
import { boundsIn, type Collector } from './collector.ts'
import { counter } from './container-metric.ts'

const parseUnified = nestedKeyed(['rios', 'wios'])
const parseLegacy = nestedOperations(['Read', 'Write'])

/**
 * Block device operations, over all devices that count.
 * Source: Linux, admin-guide/cgroup-v2.rst, io.stat; admin-guide/cgroup-v1/blkio-controller.rst.
 */
export const io: Collector = {
  metrics: [
    counter(
      'io_reads_total',
      'Block device read operations since the container was started.',
      sample => sample.ioStats?.reads,
    ),
    counter(
      'io_writes_total',
      'Block device write operations since the container was started.',
      sample => sample.ioStats?.writes,
    ),
  ],

  open(run, { files, countsDevice, hostMost }) {
    const isUnified = run.layout.kind === 'unified'
    const file = run.file('blkio', isUnified ? 'io.stat' : 'blkio.throttle.io_serviced_recursive', OPTIONAL)
    const parse = isUnified ? parseUnified : parseLegacy
    if (file === undefined) return () => {}
    const mostGrowth = (elapsedMs: number) => mostOperations(elapsedMs, hostMost().cores)
    const bounds = boundsIn(files, file, { most: MOST_OPERATIONS, mostGrowth })
    const operations = new Counter(bounds)
    return (sample, timing) => {
      const total = readTotal(file, parse, countsDevice)
      if (total === undefined) return
      if (operations.take(total.reads + total.writes, timing)) sample.ioStats = total
    }
  },
}

/** Undefined when the only devices with traffic are ones that do not count: how much reached a disk is not known then. */
function readTotal(
  file: KernelFile,
  parse: Parse<readonly NestedValues[]>,
  countsDevice: (device: string) => boolean,
): { readonly reads: number; readonly writes: number } | undefined {
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
