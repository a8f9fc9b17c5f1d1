import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { ContainerSettings } from './container-settings.ts'
import type { Allocation, Circumstances, LocalSample, Reason } from './decision.ts'
import type { SafetyFacts } from './safety-memory.ts'

/** A decision on its way through the rules. `to` starts as what the policy wants; `undefined` = leave as it is. */
export interface Draft {
  readonly to: Allocation
  readonly reasons: readonly Reason[]
  /** The container is short of the resource now: pauses do not hold its growth. */
  readonly isCoresUrgent: boolean
  readonly isMemoryUrgent: boolean
}

/** What the rules may know. Times are milliseconds; `undefined` = it never happened, or it is not known. */
export interface RuleFacts extends SafetyFacts {
  readonly settings: ContainerSettings
  readonly circumstances: Circumstances
  readonly newest: LocalSample | undefined
}

/** A safety rule: the draft it gets, or a more careful one with a reason. It sees the facts and nothing else. */
export type Rule = (draft: Draft, facts: RuleFacts) => Draft

/** Nothing changes, for this reason. */
export function holdAll(draft: Draft, rule: string, text: string): Draft {
  return { ...withReason(draft, rule, text), to: { cores: undefined, memoryMb: undefined } }
}

/** Whatever would shrink stays; growth passes. */
export function holdShrinking(
  draft: Draft,
  { circumstances: { allocation } }: RuleFacts,
  rule: string,
  text: string,
): Draft {
  const cores = isBelow(draft.to.cores, allocation.cores) ? undefined : draft.to.cores
  const memoryMb = isBelow(draft.to.memoryMb, allocation.memoryMb) ? undefined : draft.to.memoryMb
  const isHeld = cores !== draft.to.cores || memoryMb !== draft.to.memoryMb
  return isHeld ? { ...withReason(draft, rule, text), to: { cores, memoryMb } } : draft
}

/** Memory that would shrink stays. */
export function holdMemoryShrinking(draft: Draft, facts: RuleFacts, rule: string, text: string): Draft {
  if (!isBelow(draft.to.memoryMb, facts.circumstances.allocation.memoryMb)) return draft
  return { ...withReason(draft, rule, text), to: { ...draft.to, memoryMb: undefined } }
}

export function withReason(draft: Draft, rule: string, text: string): Draft {
  return { ...draft, reasons: [...draft.reasons, { rule, text }] }
}

export function isBelow(to: number | undefined, from: number | undefined): boolean {
  return to !== undefined && from !== undefined && to < from
}

export function isAbove(to: number | undefined, from: number | undefined): boolean {
  return to !== undefined && from !== undefined && to > from
}

/** Whether the draft changes anything. */
export function changesAnything({ to }: Draft, { circumstances: { allocation } }: RuleFacts): boolean {
  return (
    isBelow(to.cores, allocation.cores) ||
    isAbove(to.cores, allocation.cores) ||
    isBelow(to.memoryMb, allocation.memoryMb) ||
    isAbove(to.memoryMb, allocation.memoryMb)
  )
}

/** `3 min`, `2.5 h`: a duration for people. */
export function durationText(durationMs: number): string {
  if (durationMs < 2 * MS_PER_MINUTE) return `${Math.ceil(Math.max(0, durationMs) / MS_PER_SECOND)} s`
  if (durationMs < 2 * MS_PER_HOUR) return `${Math.ceil(durationMs / MS_PER_MINUTE)} min`
  return `${(durationMs / MS_PER_HOUR).toFixed(1)} h`
}
