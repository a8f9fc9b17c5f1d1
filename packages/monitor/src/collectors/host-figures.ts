import { KIB_PER_MB } from '@lxc-autoscale/core'
import { type HostFiles, LIST, parseLoad1, parseMeminfo, parseOnlineCpus } from '@lxc-autoscale/host'

/** The host itself. */
export interface HostFigures {
  /** CPUs that are online. */
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  readonly memoryAvailableMb: number | undefined
  readonly swapTotalMb: number | undefined
  /** Load average over one minute. */
  readonly load1: number | undefined
}

export const NO_HOST_FIGURES: HostFigures = {
  cores: undefined,
  memoryMb: undefined,
  memoryAvailableMb: undefined,
  swapTotalMb: undefined,
  load1: undefined,
}

/** Reads the figures of the host, by each call anew. */
export function hostFigures(files: HostFiles, proc: string): () => HostFigures {
  const meminfo = files.file(proc, 'meminfo')
  const loadavg = files.file(proc, 'loadavg')
  const stat = files.file(proc, 'stat', LIST)
  return () => {
    const memory = meminfo.read(parseMeminfo)
    return {
      cores: stat.read(parseOnlineCpus),
      memoryMb: inMb(memory?.totalKib),
      memoryAvailableMb: inMb(memory?.availableKib),
      swapTotalMb: inMb(memory?.swapTotalKib),
      load1: loadavg.read(parseLoad1),
    }
  }
}

function inMb(kib: number | undefined): number | undefined {
  return kib === undefined ? undefined : kib / KIB_PER_MB
}
