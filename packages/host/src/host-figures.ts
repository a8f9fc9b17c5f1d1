import { BYTES_PER_MB, KIB_PER_MB } from '@lxc-autoscale/core'
import { MOST_CORES, MOST_HOST_BYTES, MOST_PROCESSES } from './bounds.ts'
import { type HostFiles, LIST } from './host-files.ts'
import { parseLoad1, parseMeminfo, parseOnlineCpus } from './parse/host-lines.ts'

/** What the host has. Undefined: not known. */
export interface HostSize {
  /** CPUs that are online. */
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  /** What could be given to processes without swapping. */
  readonly memoryAvailableMb: number | undefined
}

/** The host itself at one moment. */
export interface HostFigures extends HostSize {
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

/** Reads the figures of the host from the files below `proc`, by each call anew. Nothing stays open. */
export function openHostFigures(files: HostFiles, proc: string): () => HostFigures {
  const meminfo = { path: `${proc}/meminfo` }
  const loadavg = { path: `${proc}/loadavg` }
  const stat = { path: `${proc}/stat` }
  const withinMb = (kib: number | undefined, mostMb: number) =>
    files.within(kib === undefined ? undefined : kib / KIB_PER_MB, mostMb, meminfo)
  return () => {
    const memory = files.readOnce(meminfo.path, parseMeminfo)
    const memoryMb = withinMb(memory?.totalKib, MOST_HOST_BYTES / BYTES_PER_MB)
    return {
      cores: files.within(files.readOnce(stat.path, parseOnlineCpus, LIST), MOST_CORES, stat),
      memoryMb,
      memoryAvailableMb: withinMb(memory?.availableKib, memoryMb ?? MOST_HOST_BYTES / BYTES_PER_MB),
      swapTotalMb: withinMb(memory?.swapTotalKib, MOST_HOST_BYTES / BYTES_PER_MB),
      load1: files.within(files.readOnce(loadavg.path, parseLoad1), MOST_PROCESSES, loadavg),
    }
  }
}
