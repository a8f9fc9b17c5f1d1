import { type ContainerSample, MS_PER_SECOND, parseCycle, type WhatIfSamples } from '@lxc-autoscale/core'
import { linesBackwards } from '../host/lines-backwards.ts'

/** The samples of a container in the metrics file from a moment on. */
export async function samplesSince(path: string, vmid: number, sinceMs: number): Promise<WhatIfSamples> {
  const samples: ContainerSample[] = []
  for await (const line of linesBackwards(path)) {
    const sample = parseCycle(line)?.containers.get(vmid)
    if (sample === undefined) continue
    if (sample.timestampMs < sinceMs) break
    const later = samples.at(-1)
    if (later === undefined || sample.timestampMs < later.timestampMs) samples.push(sample)
  }
  samples.reverse()
  const column = (value: (sample: ContainerSample) => number | undefined) => samples.map(each => value(each) ?? null)
  return {
    timesS: samples.map(({ timestampMs }) => timestampMs / MS_PER_SECOND),
    coresUsed: column(sample => sample.cpuCoresUsed),
    coresGiven: column(sample => sample.cpuCores),
    throttledPercent: column(sample => sample.cpuThrottledPercent),
    memoryUsedMb: column(sample => sample.memoryUsageMb),
    memoryGivenMb: column(sample => sample.memoryLimitMb),
  }
}
