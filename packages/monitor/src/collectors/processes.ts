import { MOST_PROCESSES } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'
import { gauge } from './container-metric.ts'

/** Processes (not threads), counted when it was looked at whether the container runs. Source: cgroup.procs of all its cgroups. */
export const processes: Collector = {
  metrics: [gauge('processes', 'Processes (not threads).', sample => sample.processCount)],

  open(run, { files }) {
    const named = { path: `cgroup.procs of ${run.vmid}` }
    return sample => {
      sample.processCount = files.within(run.processCount, MOST_PROCESSES, named)
      if (run.processCount === undefined) files.noteFailure({ ...named, reason: 'unreadable' })
    }
  },
}
