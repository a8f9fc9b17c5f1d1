import { formatSample, formatSummary, type MetricsCycle } from '@lxc-autoscale/core'

/** One cycle of the metrics file as the line of JSON that the monitor makes of it, without the line end. */
export function formatCycle({ containers, summary }: MetricsCycle): string {
  const members = [...containers].map(([vmid, sample]) => formatSample(vmid, sample))
  return `{${[...members, ...(summary === undefined ? [] : [formatSummary(summary)])].join(',')}}`
}
