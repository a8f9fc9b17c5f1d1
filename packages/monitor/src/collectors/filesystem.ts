import { BYTES_PER_GB } from '@lxc-autoscale/core'
import type { FilesystemAnswer } from '../host/filesystem-probe.ts'

export interface FilesystemMetrics {
  readonly filesystemUsageGb: number | undefined
  readonly filesystemFreeGb: number | undefined
  readonly filesystemTotalGb: number | undefined
}

/** The root file system as statfs(2) saw it; nothing is known when it did not answer. */
export function filesystemMetrics(answer: FilesystemAnswer | undefined): FilesystemMetrics | undefined {
  if (answer === undefined || typeof answer === 'string') return undefined
  return {
    filesystemUsageGb: answer.usedBytes / BYTES_PER_GB,
    filesystemFreeGb: answer.freeBytes / BYTES_PER_GB,
    filesystemTotalGb: answer.totalBytes / BYTES_PER_GB,
  }
}
