import type { PastStep } from '@lxc-autoscale/core'
import type { Allocation, LocalSample } from './decision.ts'
import type { TimesOf } from './past/past-samples.ts'

/** The settings of a container that a policy sees: everything about size, nothing about safety. */
export interface SizingSettings {
  /** Steps in which cores are given: 1 (`cores`) or 0.1 (`cpulimit`). */
  readonly coresStep: number
  readonly minCores: number
  readonly maxCores: number
  readonly minMemoryMb: number
  readonly maxMemoryMb: number
  readonly threshold: ThresholdSettings
  readonly adaptive: AdaptiveSettings
}

/** Keys of the policy `threshold`, as in the predecessor. Percent of the allocation. */
export interface ThresholdSettings {
  readonly cpuUpPercent: number
  readonly cpuDownPercent: number
  readonly memoryUpPercent: number
  readonly memoryDownPercent: number
  readonly cpuStepCores: number
  readonly memoryStepMb: number
}

/** Keys of the policy `adaptive`. */
export interface AdaptiveSettings {
  /** What one point of time throttled costs, in points of unused cores. */
  readonly throttlingPrice: number
  readonly memorySafety: 'thrifty' | 'balanced' | 'safe'
  /** A change that is not out of need is at least this share of what the container has, percent. */
  readonly minChangePercent: number
}

/** What a policy may know when it decides, besides what it has observed. */
export interface PolicyContext {
  readonly timeMs: number
  readonly localTimeMs: number
  readonly allocation: Allocation
}

/** What a policy wants. `undefined` = leave as it is. Not yet rounded or limited. */
export interface Target {
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  /** The container is short now (throttled, killed, about to be): the change should not wait. */
  readonly isCoresUrgent: boolean
  readonly isMemoryUrgent: boolean
}

/** What Proxmox has kept of a container, oldest first. */
export interface KeptPast {
  readonly steps: readonly PastStep[]
  readonly timesOf: TimesOf
}

/** What a policy has learned about one container. One object per container; changes as it observes. */
export interface PolicyState {
  /** False: it begins to learn now, since nothing was saved, or nothing that it can use. */
  readonly goesOn: boolean
  /** Learns one sample. Samples come in the order of time. */
  observe(sample: LocalSample): void
  /** True: it has begun anew, and what was kept of the time before its first sample would still help. */
  readonly wantsPast?: boolean
  /** Learns what was kept of the time before its first sample, as if it had been there; gives what it learned from. Only while it `wantsPast`. */
  learnPast?(past: KeptPast): readonly PastStep[]
  /** What the container should have from now on. */
  decide(context: PolicyContext): Target
  /**
   * Why the last decision came out so, one sentence per resource, in words. Only called when somebody wants to know.
   * @param withNext and what would have been the next best
   */
  explain(withNext: boolean): { readonly cores: string; readonly memory: string }
  /** Everything it has learned, as JSON-safe data (at most 64 KB as text). */
  serialise(): unknown
}

/** A way of choosing sizes, by name. A new one is one file here and one line in `policies/index.ts`. */
export interface Policy {
  readonly name: string
  /**
   * @param saved what `serialise` gave earlier; data that does not fit (another version, damaged) is ignored: it starts anew.
   * @param former the one that gave it, when it is to go on with other settings
   */
  create(settings: SizingSettings, saved?: unknown, former?: PolicyState): PolicyState
}
