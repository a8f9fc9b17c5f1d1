import type { ContainerSettings } from './container-settings.ts'
import type { Allocation, Circumstances, LocalSample, Reason } from './decision.ts'
import type { KnownPast } from './past/known-past.ts'
import type { SafetyFacts } from './safety-memory.ts'

type Resource = keyof Allocation

/** What a rule said when it did something to a draft. */
export interface Remark extends Reason {
  /** Undefined: the whole container. */
  readonly on: Resource | undefined
  /** `asks` for another size than was wanted, `holds` back what is wanted, wholly or in part, or only `tells`. */
  readonly does: 'asks' | 'holds' | 'tells'
}

/** A decision on its way through the rules. `to` starts as what the policy wants; `undefined` = leave as it is. */
export interface Draft {
  readonly to: Allocation
  /** The size of each resource that was asked for last, by the policy or a rule, before anything held it back. */
  readonly asked: Allocation
  /** What decides, in the order in which it was said: what a later rule made void is not there any more. */
  readonly reasons: readonly Remark[]
  /** The container is short of the resource now: pauses do not hold its growth. */
  readonly isCoresUrgent: boolean
  readonly isMemoryUrgent: boolean
}

/** What the rules may know. Times are milliseconds; `undefined` = it never happened, or it is not known. */
export interface RuleFacts extends SafetyFacts {
  readonly settings: ContainerSettings
  readonly circumstances: Circumstances
  readonly newest: LocalSample | undefined
  /** What is known from Proxmox; left out: nothing. */
  readonly past?: KnownPast | undefined
}

/** A safety rule: the draft it gets, or a more careful one with a reason. It sees the facts and nothing else. */
export type Rule = (draft: Draft, facts: RuleFacts) => Draft

export const RESOURCES = ['cores', 'memoryMb'] as const satisfies readonly Resource[]

/** Another size of a resource than was wanted, for this reason alone. */
export function ask(draft: Draft, on: Resource, size: number, { rule, text }: Reason): Draft {
  const others = draft.reasons.filter(reason => reason.on !== on)
  return {
    ...draft,
    to: { ...draft.to, [on]: size },
    asked: { ...draft.asked, [on]: size },
    reasons: [...others, { rule, text, on, does: 'asks' }],
  }
}

/** A resource goes no further than `size`, for this reason; what held it less tightly counts no more. */
export function holdAt(draft: Draft, on: Resource, size: number, reason: Reason): Draft {
  const others = draft.reasons.filter(other => other.on !== on || other.does !== 'holds')
  return { ...draft, to: { ...draft.to, [on]: size }, reasons: [...others, { ...reason, on, does: 'holds' }] }
}

/** A resource stays as it is, for this reason. */
export function hold(draft: Draft, on: Resource, reason: Reason): Draft {
  const others = draft.reasons.filter(other => other.on !== on)
  return { ...draft, to: { ...draft.to, [on]: undefined }, reasons: [...others, { ...reason, on, does: 'holds' }] }
}

/** Nothing changes, for this reason: it holds for the container, whatever was wanted. */
export function holdAll(draft: Draft, rule: string, text: string, untilMs?: number): Draft {
  const others = draft.reasons.filter(({ on }) => on === undefined)
  return {
    ...draft,
    to: { cores: undefined, memoryMb: undefined },
    reasons: [...others, { rule, text, untilMs, on: undefined, does: 'holds' }],
  }
}

/** Whatever would shrink stays; growth passes. */
export function holdShrinking(draft: Draft, facts: RuleFacts, reason: Reason): Draft {
  return RESOURCES.filter(on => shrinks(draft, facts, on)).reduce((soFar, on) => hold(soFar, on, reason), draft)
}

/** Memory that would shrink stays. */
export function holdMemoryShrinking(draft: Draft, facts: RuleFacts, reason: Reason): Draft {
  return shrinks(draft, facts, 'memoryMb') ? hold(draft, 'memoryMb', reason) : draft
}

/** Says something that decides nothing. */
export function tell(draft: Draft, rule: string, text: string, on?: Resource): Draft {
  return { ...draft, reasons: [...draft.reasons, { rule, text, on, does: 'tells' }] }
}

export function isBelow(to: number | undefined, from: number | undefined): boolean {
  return to !== undefined && from !== undefined && to < from
}

export function shrinks({ to }: Draft, { circumstances: { allocation } }: RuleFacts, on: Resource): boolean {
  return isBelow(to[on], allocation[on])
}

export function grows({ to }: Draft, { circumstances: { allocation } }: RuleFacts, on: Resource): boolean {
  return isBelow(allocation[on], to[on])
}

export function isUrgent({ isCoresUrgent, isMemoryUrgent }: Draft, on: Resource): boolean {
  return on === 'cores' ? isCoresUrgent : isMemoryUrgent
}

/** What a rule says by which a resource does not have the size that was asked for; undefined when nothing holds it. */
export function holding(draft: Draft, from: Allocation, on: Resource): Reason | undefined {
  const asked = draft.asked[on]
  const isAsked = asked !== undefined && from[on] !== undefined && asked !== from[on]
  const holds = draft.reasons.filter(reason => reason.does === 'holds' && (reason.on === on || reason.on === undefined))
  return isAsked ? holds.at(-1) : undefined
}

/** The rule that asked for another size than the policy did; undefined: none did. */
export function askingRule({ reasons }: Draft, on: Resource): string | undefined {
  return reasons.find(reason => reason.on === on && reason.does === 'asks')?.rule
}
