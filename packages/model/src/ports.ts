import type { ContainerSample, MetricsCycle, Pauses } from '@lxc-autoscale/core'
import type { AnomalyModel } from './anomaly/anomaly-model.ts'
import type { AllocationChange } from './client/allocation-change.ts'
import type { ApplyOutcome } from './client/apply-outcome.ts'
import type { BreakerState } from './client/circuit-breaker.ts'
import type { FetchedConfigs } from './client/read-replies.ts'
import type { CpuUnit } from './cycle/allocation.ts'
import type { FollowOutcome } from './history/follow-outcome.ts'
import type { Allocation, Circumstances, Decision, Observation } from './policy/decision.ts'
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

/** What a cycle needs from the scaling API. */
export interface ScalingApi {
  readonly apiBreakerState: BreakerState
  troubledContainers(): ReadonlyMap<number, BreakerState>
  forget(vmids: Iterable<number>): void
  /** @throws {AutoscaleError} when nothing can be known */
  fetchConfigs(vmids: readonly number[], signal: AbortSignal): Promise<FetchedConfigs>
  applyAll(changes: readonly AllocationChange[], signal: AbortSignal): Promise<readonly ApplyOutcome[]>
}

/** The isolation forests as a cycle uses them. */
export type Anomalies = Pick<
  AnomalyModel,
  | 'observe'
  | 'verdict'
  | 'noteChange'
  | 'refitDue'
  | 'forgetVanished'
  | 'newestMs'
  | 'intervalMs'
  | 'newest'
  | 'counts'
  | 'serialise'
>

/** By what a container is known to the administrator; tiers and tags go by it. */
export interface ContainerIdentity {
  readonly vmid: number
  readonly name: string | undefined
  readonly tags: readonly string[]
}

/** The policy and its safety rules for one container. */
export interface Sizer {
  readonly mode: string
  readonly cpuUnit: CpuUnit
  /** Confidence (0-100) from which a verdict of the forests is acted on. */
  readonly minConfidence: number
  /** Its share of what the host has left, against other containers. */
  readonly weight: number
  /** Steps in which its cores are given. */
  readonly coresStep: number
  observe(observation: Observation): void
  decide(circumstances: Circumstances): Decision
  applied(allocation: Allocation, nowMs: number): void
  refused(nowMs: number, text: string): void
  /** The container has another name or other tags now, or the host another size. */
  identify(identity: ContainerIdentity, host: HostCapacity): void
  explain(): { readonly cores: string; readonly memory: string }
  serialise(): unknown
}

/** The host as the monitor saw it last, or as the administrator says it is. `undefined` = not known. */
export interface HostCapacity {
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  readonly memoryAvailableMb: number | undefined
}

/** One container whose wishes share the host with those of the others. */
export interface Member {
  readonly vmid: number
  readonly sizer: Sizer
  readonly decision: Decision
  readonly newest: ContainerSample | undefined
}

/** How containers are sized. */
export interface Sizing {
  /** @param saved what the sizer of an earlier process gave as its state */
  newSizer(identity: ContainerIdentity, host: HostCapacity, saved: unknown): Sizer
  hostCapacity(measured: HostCapacity): HostCapacity
  /** The decisions as the host can carry them, in the same order. */
  shareHost(members: readonly Member[], host: HostCapacity): readonly Decision[]
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
