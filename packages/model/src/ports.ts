import type { MetricsCycle, Pauses } from '@lxc-autoscale/core'
import type { FollowOutcome } from './history/follow-outcome.ts'
import type { PendingChanges } from './state/pending-changes.ts'
import type { SavedSizers } from './state/sizer-state.ts'
import type { ModelStatus } from './status/model-status.ts'

/** What a cycle needs from the metrics file. */
export interface MetricsSource {
  /**
   * Hands over each cycle that is new since the last call, oldest first.
   * @throws {AutoscaleError} HOST_UNREADABLE
   */
  follow(use: (cycle: MetricsCycle) => void): Promise<FollowOutcome>
}

/** What outlives the process. */
export interface StateStore {
  /** Writes what was learned; gives the bytes written. */
  save(sizers: SavedSizers, forests: Iterable<string>): Promise<number>
  savePending(pending: PendingChanges): Promise<void>
  /** What `lxc-autoscale ignore` asks for at this moment, pauses that are over included. */
  loadPauses(): Promise<Pauses>
}

/** Where the status of each cycle is shown. */
export interface StatusBoard {
  show(status: ModelStatus): Promise<void>
}
