import type { Collector } from './collector.ts'

export interface ProcessesReading {
  readonly count: number | undefined
}

export interface ProcessesMetrics {
  readonly processCount: number | undefined
}

/** Processes (not threads), counted when it was looked at whether the container runs. Source: cgroup.procs of all its cgroups. */
export const processes: Collector<ProcessesReading, ProcessesMetrics> = {
  open:
    (run, { files }) =>
    () => {
      if (run.processCount === undefined) files.noteFailure(`cgroup.procs of ${run.vmid}`, 'UNREADABLE')
      return { count: run.processCount }
    },

  derive: ({ current }) => ({ processCount: current.count }),
}
