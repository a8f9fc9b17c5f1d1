import type { ContainerSample } from '@lxc-autoscale/core'
import type { Reading } from '../../packages/model/src/history/reading.ts'
import { sample } from './snapshot.ts'

/** A reading of container 101, ten seconds after the one before; a test names only what matters to it. */
export function reading(overrides: Partial<Reading> = {}, sampled: Partial<ContainerSample> = {}): Reading {
  return {
    vmid: 101,
    sample: sample(sampled),
    elapsedMs: 10_000,
    isNewRun: false,
    isAfterGap: false,
    rates: { rxBytes: 100, txBytes: 200, reads: 3, writes: 4 },
    ...overrides,
  }
}
