import type { ContainerSample } from '@lxc-autoscale/core'

/** Growth of the counters of a container per second; undefined at a first sample and after a reset. */
export interface CounterRates {
  readonly rxBytes: number | undefined
  readonly txBytes: number | undefined
  readonly reads: number | undefined
  readonly writes: number | undefined
}

/** A sample of a container that nobody has learned yet, in the light of the one before. */
export interface NewSample {
  readonly vmid: number
  readonly sample: ContainerSample
  /** When it was taken by steady time, to which nobody does anything who sets a clock. */
  readonly timeMs: number
  /** By what it is known again: its own time, moved on so that it never falls (`FleetHistory`). */
  readonly markMs: number
  /** Time since the sample before; undefined for the first one of a run, and after the clock was set back. */
  readonly elapsedMs: number | undefined
  /** The container was made or started anew: nothing learned before is about it. True for its first sample. */
  readonly isNewRun: boolean
  /** Samples are missing before this one, or it is the first of a run: rolling figures begin anew. */
  readonly isAfterGap: boolean
  readonly rates: CounterRates
}
