import type { ContainerSample } from '@lxc-autoscale/core'
import type { Limits } from './limits.ts'

/** What a container is allowed. `undefined` = not known or not sized: nothing is ever changed then. Cores may be tenths. */
export interface Allocation {
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
}

/** What sizes go by of a sample of the metrics file. */
type SizingFigures = Pick<
  ContainerSample,
  | 'timestampMs'
  | 'cpuCoresUsed'
  | 'cpuCores'
  | 'cpuThrottledPercent'
  | 'memoryUsageMb'
  | 'memoryLimitMb'
  | 'memoryFloorMb'
  | 'swapUsageMb'
  | 'pressure'
  | 'memoryEvents'
>

/**
 * A sample with its time by steady time, which no clock that is set can move, and as local time (by the clock of the host, plus
 * its offset from UTC), for the time of day and of week.
 */
export interface LocalSample extends SizingFigures {
  readonly localTimeMs: number
  /** By these it is seen whether the others can be true; left out: not known. */
  readonly cpuUsagePercent?: number | undefined
  readonly swapTotalMb?: number | undefined
  /** Samples are missing before this one: nobody watched the container meanwhile. */
  readonly isAfterGap?: boolean | undefined
}

/** A rule (or the policy) that spoke, and what it has to say, in words for the log, the audit and the page. */
export interface Reason {
  readonly rule: string
  readonly text: string
  /** Until when it says so at the longest, by steady time; where that is not known nothing. */
  readonly untilMs?: number | undefined
}

/** Something of each resource. */
export interface PerResource<Value> {
  readonly cores: Value
  readonly memory: Value
}

/** The least and the most that a container may be given at this moment. `undefined` = nothing says so. */
export interface LimitsInForce {
  readonly minCores: number
  readonly maxCores: number | undefined
  readonly minMemoryMb: number
  readonly maxMemoryMb: number | undefined
}

export type Direction = 'up' | 'down' | 'keep'

/** The verdict of the isolation forest on the newest sample. */
export interface Verdict {
  readonly isAbnormal: boolean
  /** 0-100; compared with `min_confidence`. */
  readonly confidence: number
  /** The features that made it strange, in words; empty when normal. */
  readonly why: string
}

/** What the model knows about a container at the moment of deciding, apart from its samples. `undefined` = not known. */
export interface Circumstances {
  /** This moment by steady time, and by the clock of the host as local time. */
  readonly nowMs: number
  readonly localTimeMs: number
  /** What Proxmox has configured at this moment (from the API); the decision is made from it. */
  readonly allocation: Allocation
  /** All of it, for whoever looks for the hand of a person; left out: the allocation. */
  readonly limits?: Limits | undefined
  /** When that was asked for; left out: now. */
  readonly askedMs?: number | undefined
  /** False: what was changed since the last time is not known. */
  readonly isHistoryKnown?: boolean | undefined
  /** Older samples than this are stale. */
  readonly maxDataAgeMs: number
  readonly isRunning: boolean | undefined
  /** Name of the Proxmox lock (`backup`, `migrate`, `snapshot`, ...); '' = not locked. */
  readonly lock: string | undefined
  readonly isMigrating: boolean | undefined
  /** What the HA manager does to it or is asked to do, in a sentence; left out: nothing. */
  readonly haBusy?: string | undefined
  /** How long Proxmox looks at an imbalance before it moves it by itself; left out: it does not. */
  readonly balancerHoldMs?: number | undefined
  readonly uptimeMs: number | undefined
  /** The least memory limit that the API's safety rules allow at this moment. */
  readonly leastMemoryMb: number | undefined
  /** The lines of raw LXC configuration that settle a resource past Proxmox. */
  readonly rawCores: string | undefined
  readonly rawMemory: string | undefined
  /** Resources that have more than usual for a time, by a person's will; left out: none. */
  readonly boost?: (PerResource<boolean> & { readonly untilMs: number }) | undefined
  readonly verdict: Verdict | undefined
  /** Why what was measured after the newest sample cannot be true; undefined when nothing was. */
  readonly implausible: string | undefined
}

/** How one container is to be changed and why. `to` equals `from` where nothing changes. */
export interface Decision {
  readonly vmid: number
  readonly timeMs: number
  /** What it was made from: whoever applies it compares this first and refuses if it moved. */
  readonly from: Allocation
  readonly to: Allocation
  /** What the policy asked for, before the safety rules. */
  readonly wanted: Allocation
  readonly cores: Direction
  readonly memory: Direction
  /** False in mode `recommend`: to be shown and logged, not applied. */
  readonly isToBeApplied: boolean
  /** The container runs short at this moment: it goes first when the host is short and is never shrunk. */
  readonly isInNeed: boolean
  readonly reasons: readonly Reason[]
  readonly policy: string
  /** The policy or the rule that asked for the size. */
  readonly askedBy: PerResource<string>
  /** The rule by which a resource does not have the size that was asked for; undefined: none. */
  readonly heldBy: PerResource<string | undefined>
  /** Until when that rule holds it at the longest; undefined: it does not, or does not know. */
  readonly heldUntilMs: PerResource<number | undefined>
  /** More was asked for than its maximum in force. */
  readonly atMaximum: PerResource<boolean>
  readonly limits: LimitsInForce
}

/** Whether `decision` changes anything. */
export function isChange(decision: Decision): boolean {
  return decision.cores !== 'keep' || decision.memory !== 'keep'
}

/** Which way a value goes; an unknown value goes nowhere. */
export function directionOf(from: number | undefined, to: number | undefined): Direction {
  if (from === undefined || to === undefined || from === to) return 'keep'
  return to > from ? 'up' : 'down'
}
