import { type ContainerSample, type MetricsCycle, MS_PER_SECOND } from '@lxc-autoscale/core'
import { FleetHistory } from '@lxc-autoscale/host'
import type { Trace } from './trace.ts'

/** Gathers the history of a host, cycle by cycle, into one trace per container; what cannot be true is left out. */
export class MetricsTraces {
  readonly #history = new FleetHistory()
  readonly #samples = new Map<number, ContainerSample[]>()
  readonly #utcOffsetMs: number

  /** @param utcOffsetMs how far local time is ahead of UTC on the host. */
  constructor(utcOffsetMs: number) {
    this.#utcOffsetMs = utcOffsetMs
  }

  add(cycle: MetricsCycle): void {
    for (const { vmid, sample } of this.#history.add(cycle)) {
      const samples = this.#samples.get(vmid)
      if (samples === undefined) this.#samples.set(vmid, [sample])
      else samples.push(sample)
    }
  }

  /** One trace per container with at least two samples, by rising number. */
  traces(): Trace[] {
    return [...this.#samples]
      .filter(([, samples]) => samples.length > 1)
      .sort(([a], [b]) => a - b)
      .map(([vmid, samples]) => ({
        name: String(vmid),
        timesS: Float64Array.from(samples, sample => sample.timestampMs / MS_PER_SECOND),
        cpuCores: column(samples, cpuCoresUsed),
        memoryMb: column(samples, sample => sample.memoryUsageMb),
        initialCores: samples.find(sample => sample.cpuCores !== undefined)?.cpuCores,
        initialMemoryMb: samples.find(sample => sample.memoryLimitMb !== undefined)?.memoryLimitMb,
        utcOffsetMs: this.#utcOffsetMs,
      }))
  }
}

function cpuCoresUsed(sample: ContainerSample): number | undefined {
  if (sample.cpuCoresUsed !== undefined) return sample.cpuCoresUsed
  if (sample.cpuUsagePercent === undefined || sample.cpuCores === undefined) return undefined
  return (sample.cpuUsagePercent / 100) * sample.cpuCores
}

function column(
  samples: readonly ContainerSample[],
  value: (sample: ContainerSample) => number | undefined,
): Float64Array | undefined {
  const figures = Float64Array.from(samples, sample => value(sample) ?? Number.NaN)
  return figures.some(figure => !Number.isNaN(figure)) ? figures : undefined
}
