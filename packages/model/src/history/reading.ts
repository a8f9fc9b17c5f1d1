import type { ContainerSample } from '@lxc-autoscale/core'

/** Growth of the counters of a container per second; undefined at a first sample and after a reset. */
export interface CounterRates {
  readonly rxBytes: number | undefined
  readonly txBytes: number | undefined
  readonly reads: number | undefined
  readonly writes: number | undefined
}

/** One sample of a container in the light of the one before. */
export interface Reading {
  readonly vmid: number
  readonly sample: ContainerSample
  /** Time since the sample before; undefined for the first one of a run. */
  readonly elapsedMs: number | undefined
  /** The container was made or started anew: nothing learned before is about it. True for its first sample. */
  readonly isNewRun: boolean
  /** Samples are missing before this one, or it is the first of a run: rolling figures begin anew. */
  readonly isAfterGap: boolean
  readonly rates: CounterRates
}
