import type { FollowOutcome, MetricsCycle, MetricsPlace, ModelStatus } from '@lxc-autoscale/core'
import type { Learned } from './state/state-files.ts'

/** What a cycle needs from the metrics file. */
export interface MetricsSource {
  /**
   * Hands over each cycle that is new since the last call, oldest first, until `signal`; the next call goes on from there.
   * @throws {AutoscaleError} HOST_UNREADABLE
   */
  follow(use: (cycle: MetricsCycle) => void, signal: AbortSignal): Promise<FollowOutcome>
  /** From where on somebody has to read who is to go on as if this process did. */
  readonly earlierPlace?: MetricsPlace | undefined
}

/** What outlives the process. */
export interface StateStore {
  /** Writes what was learned; gives the bytes written. */
  save(learned: Learned): Promise<number>
}

/** Where the status of each cycle is shown. */
export interface StatusBoard {
  show(status: ModelStatus): Promise<void>
}
