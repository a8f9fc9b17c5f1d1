import { BYTES_PER_GB } from '@lxc-autoscale/core'
import type { FilesystemSize } from '../host/filesystem-probe.ts'

export interface FilesystemMetrics {
  readonly filesystemUsageGb: number | undefined
  readonly filesystemFreeGb: number | undefined
  readonly filesystemTotalGb: number | undefined
}

/** The root file system as statfs(2) saw it. */
export function filesystemMetrics(size: FilesystemSize): FilesystemMetrics {
  return {
    filesystemUsageGb: size.usedBytes / BYTES_PER_GB,
    filesystemFreeGb: size.freeBytes / BYTES_PER_GB,
    filesystemTotalGb: size.totalBytes / BYTES_PER_GB,
  }
}
