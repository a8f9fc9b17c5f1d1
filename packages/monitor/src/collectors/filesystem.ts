import { BYTES_PER_GB } from '@lxc-autoscale/core'
import { MOST_COUNT } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'
import { bytes, gauge } from './container-metric.ts'

/** The root file system as statfs(2) saw it. */
export const filesystem: Collector = {
  metrics: [
    gauge('filesystem_usage_bytes', 'Root file system: bytes in use.', sample =>
      bytes(sample.filesystemUsageGb, BYTES_PER_GB),
    ),
    gauge('filesystem_free_bytes', 'Root file system: bytes free for unprivileged users.', sample =>
      bytes(sample.filesystemFreeGb, BYTES_PER_GB),
    ),
    gauge('filesystem_size_bytes', 'Root file system: size.', sample => bytes(sample.filesystemTotalGb, BYTES_PER_GB)),
  ],

  open(run, { files, filesystems }) {
    const named = { path: `root file system of ${run.vmid}` }
    return sample => {
      const answers = filesystems()
      if (answers === undefined) return
      const answer = run.initPid === undefined ? 'no init' : answers(run.initPid)
      if (typeof answer === 'string') {
        files.noteFailure({ ...named, reason: 'unreadable', code: answer })
        return
      }
      // What is in use and what is free are both parts of the whole, and the whole is no number below zero.
      const totalBytes = files.within(answer.totalBytes, MOST_COUNT, named)
      const parts = Math.max(answer.usedBytes, answer.freeBytes)
      if (totalBytes === undefined || files.within(parts, totalBytes, named) === undefined) return
      sample.filesystemUsageGb = answer.usedBytes / BYTES_PER_GB
      sample.filesystemFreeGb = answer.freeBytes / BYTES_PER_GB
      sample.filesystemTotalGb = totalBytes / BYTES_PER_GB
    }
  },
}
