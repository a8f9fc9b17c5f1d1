import { BYTES_PER_MB, MS_PER_DAY, MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import type { HostSettings } from '../host/settings.ts'
import { pastValues } from '../rrd/past-figures.ts'
import { RRD_FORMATS } from '../rrd/rrd-format.ts'
import { writePast } from '../rrd/write-past.ts'
import { isBuiltIn, type Load, readWorkload } from '../workload/workload.ts'
import { demandSource, kernelMb } from '../workload/workload-source.ts'

export interface MadePast {
  readonly vmid: number
  readonly days: number
  readonly format: HostSettings['rrdFormat']
  readonly size: { readonly cores: number; readonly memoryMb: number }
  readonly nowMs: number
}

/** Writes what Proxmox would have kept of a container whose load was the same all the time, and which had what it has now. */
export function makePast(paths: HostPaths, { vmid, days, format: name, size, nowMs }: MadePast): void {
  const format = RRD_FORMATS[name]
  const workload = readWorkload(paths, vmid)
  const demand = demandSource(workload)
  const endSeconds = Math.floor(nowMs / MS_PER_SECOND)
  const { cores, memoryMb } = size
  const life = lifeSeconds(workload.load, memoryMb)
  // A trace has no time before its own beginning.
  const originSeconds = isBuiltIn(workload.shape) ? endSeconds : 0
  writePast(`${paths.rrd}/${format.folder}/${vmid}`, {
    format,
    beginSeconds: endSeconds - (days * MS_PER_DAY) / MS_PER_SECOND,
    endSeconds,
    at: seconds => {
      const time = { seconds: seconds - originSeconds, sinceStartSeconds: seconds % life }
      const { cpuCores, anonMb } = demand(time)
      return pastValues(format, {
        cores,
        coresUsed: Math.min(cores, cpuCores),
        memoryLimitBytes: memoryMb * BYTES_PER_MB,
        memoryBytes: Math.min(memoryMb, anonMb + kernelMb(anonMb)) * BYTES_PER_MB,
        cpuWaitingPercent: cpuCores > cores ? 100 * (1 - cores / cpuCores) : 0,
      })
    },
  })
}

/** How long a load that grows with its age lives, until it is killed for want of memory and begins anew. */
function lifeSeconds({ baseMemoryMb, peakMemoryMb, periodSeconds }: Load, memoryMb: number): number {
  const growthMb = Math.max(1, peakMemoryMb - baseMemoryMb)
  return Math.max(1, (periodSeconds * (memoryMb - baseMemoryMb)) / growthMb)
}
