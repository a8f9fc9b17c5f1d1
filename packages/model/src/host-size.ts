import { HostFiles, openHostFigures } from '@lxc-autoscale/host'
import type { HostCapacity } from './ports.ts'

/** The size of the host from the files below `procPath`, for metrics files that do not tell it (the Python predecessor's). */
export function readHostSize(procPath: string): HostCapacity {
  const { cores, memoryMb, memoryAvailableMb } = openHostFigures(new HostFiles(0), procPath)()
  return { cores, memoryMb, memoryAvailableMb }
}
