import type { ContainerSample } from '@lxc-autoscale/core'
import type { NewSample } from '@lxc-autoscale/host'
import { sample } from './snapshot.ts'

/** A new sample of container 101, ten seconds after the one before; a test names only what matters to it. */
export function newSample(overrides: Partial<NewSample> = {}, sampled: Partial<ContainerSample> = {}): NewSample {
  const taken = sample(sampled)
  return {
    vmid: 101,
    sample: taken,
    timeMs: taken.timestampMs,
    markMs: taken.timestampMs,
    elapsedMs: 10_000,
    isNewRun: false,
    isAfterGap: false,
    rates: { rxBytes: 100, txBytes: 200, reads: 3, writes: 4 },
    ...overrides,
  }
}
