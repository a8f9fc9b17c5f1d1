import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core'
import { z } from 'zod'
import { applyRules } from './apply-rules.ts'
import type { ContainerSettings } from './container-settings.ts'
import {
  type Allocation,
  type Circumstances,
  type Decision,
  directionOf,
  type LocalSample,
  type Reason,
} from './decision.ts'
import type { Draft, RuleFacts } from './draft.ts'
import type { Limits } from './limits.ts'
import type { PastChange } from './past-change.ts'
import { POLICIES } from './policies/index.ts'
import { POLICY_NAMES, type PolicyName } from './policies/policy-names.ts'
import type { Policy, PolicyState, Target } from './policy.ts'
import type { Refused } from './refusals.ts'
import { learningLeftMs } from './rules/hold-shrinking.ts'
import { RULES } from './rules/index.ts'
import { type Holds, SafetyMemory } from './safety-memory.ts'
import type { Tier } from './settings.ts'

const VERSION = 1

/** What `serialise` gives; the policy and the safety memory check what is theirs. */
const SizerState = z.object({
  version: z.literal(VERSION),
  policy: z.enum(POLICY_NAMES),
  learned: z.unknown(),
  safety: z.unknown(),
})
const NOTHING = { policy: undefined, learned: undefined, safety: undefined }

export interface ContainerSizerInput {
  readonly vmid: number
  readonly settings: ContainerSettings
  /** What `serialise` gave earlier. Data that does not fit is ignored. */
  readonly saved?: unknown
  /** When it was begun with, by steady time. */
  readonly createdMs?: number | undefined
  /** Something was kept of it, and cannot be found any more. */
  readonly isLost?: boolean | undefined
  /** The policies by name; only a test has others. */
  readonly policies?: Readonly<Record<PolicyName, Policy>> | undefined
}

/** Sizes one container: the policy says what it should have, the safety rules what may be done of it. */
export class ContainerSizer {
  readonly vmid: number
  readonly #policies: Readonly<Record<PolicyName, Policy>>
  #settings: ContainerSettings
  #policy: PolicyState
  readonly #memory: SafetyMemory
  #newest: LocalSample | undefined

  constructor({ vmid, settings, saved, createdMs, isLost = false, policies = POLICIES }: ContainerSizerInput) {
    const state = SizerState.safeParse(saved).data ?? NOTHING
    this.vmid = vmid
    this.#policies = policies
    this.#settings = settings
    const isUnusable = saved !== undefined && state === NOTHING
    this.#memory = new SafetyMemory(state.safety, {
      isLost: isLost || isUnusable,
      untilMs: createdMs === undefined ? undefined : createdMs + holdsOf(settings).quarantineMs,
    })
    const learned = state.policy === settings.scaling.policy ? state.learned : undefined
    this.#policy = this.#begin(learned)
  }

  get settings(): ContainerSettings {
    return this.#settings
  }

  /** It has not been watched for long enough yet to shrink. */
  get isLearning(): boolean {
    return learningLeftMs({ settings: this.#settings, observedMs: this.#memory.state.observedMs }) > 0
  }

  /** How many truces and quarantines have begun since it was made. */
  get holdsBegun(): number {
    return this.#memory.holdsBegun
  }

  /**
   * Learns one sample. Samples come in the order of time.
   * @param learnedMs now, by steady time; left out: the sample is of this moment
   */
  observe(sample: LocalSample, learnedMs = sample.timestampMs): void {
    this.#newest = sample
    this.#memory.observe(sample, holdsOf(this.#settings), learnedMs)
    this.#policy.observe(sample)
  }

  /** What is to be done now. */
  decide(circumstances: Circumstances): Decision {
    const { allocation, nowMs, localTimeMs } = circumstances
    this.#memory.see(circumstances, holdsOf(this.#settings))
    const target = this.#policy.decide({ timeMs: nowMs, localTimeMs, allocation })
    const facts = this.#facts(circumstances)
    const { draft, settledBy } = applyRules(RULES, firstDraft(target), facts)
    return { ...this.#decision(circumstances, target, draft), settledBy }
  }

  /**
   * The container has `after` now, by us.
   * @param key by which the change is known when it is told again (`note`)
   */
  applied(after: Limits, nowMs: number, key?: string): void {
    this.note({ by: 'us', key, atMs: nowMs, endMs: nowMs, before: this.#memory.state.limits, after })
  }

  /** A change was made, by us or somebody else. Each is told once, the older first. */
  note(change: PastChange): void {
    this.#memory.note(change, holdsOf(this.#settings))
  }

  /** A change did not come about; `refused` when the API said no to it. */
  failed(nowMs: number, refused?: Refused): void {
    this.#memory.failed(nowMs, refused)
  }

  /** Other settings from now on; what was learned stays. */
  configure(settings: ContainerSettings): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return
    const saved = this.#policy.serialise()
    const isSamePolicy = settings.scaling.policy === this.#settings.scaling.policy
    this.#settings = settings
    this.#policy = this.#begin(isSamePolicy ? saved : undefined)
    // What a policy keeps only until the next sample is not saved; one that has learned this sample passes it over.
    if (this.#newest !== undefined) this.#policy.observe(this.#newest)
  }

  /** The words of the policy for the newest decision. */
  explain(): { readonly cores: string; readonly memory: string } {
    return this.#policy.explain()
  }

  /** Everything that was learned, JSON-safe. */
  serialise(): unknown {
    return {
      version: VERSION,
      policy: this.#settings.scaling.policy,
      learned: this.#policy.serialise(),
      safety: this.#memory.state,
    }
  }

  /** A policy that begins to learn knows no peak yet: the container is watched from now on, however long it was before. */
  #begin(learned: unknown): PolicyState {
    const { scaling, sizing } = this.#settings
    const policy = this.#policies[scaling.policy].create(sizing, learned)
    if (!policy.goesOn) this.#memory.watchAnew()
    return policy
  }

  #facts(circumstances: Circumstances): RuleFacts {
    const { nowMs } = circumstances
    return Object.assign(this.#memory.facts(nowMs), {
      settings: this.#settings,
      circumstances,
      newest: this.#newest,
    })
  }

  #decision({ allocation, nowMs }: Circumstances, target: Target, draft: Draft): Decision {
    const to: Allocation = {
      cores: draft.to.cores ?? allocation.cores,
      memoryMb: draft.to.memoryMb ?? allocation.memoryMb,
    }
    const cores = directionOf(allocation.cores, to.cores)
    const memory = directionOf(allocation.memoryMb, to.memoryMb)
    return {
      vmid: this.vmid,
      timeMs: nowMs,
      from: allocation,
      to,
      wanted: { cores: target.cores ?? allocation.cores, memoryMb: target.memoryMb ?? allocation.memoryMb },
      cores,
      memory,
      isToBeApplied: this.#settings.scaling.mode !== 'recommend',
      isInNeed: draft.isCoresUrgent || draft.isMemoryUrgent,
      reasons: [...this.#policyReasons(target, { cores, memory }, allocation), ...draft.reasons],
      policy: this.#settings.scaling.policy,
    }
  }

  /** Why the policy wanted it, for what changes as the policy wanted it; what a rule made of it the rule explains. */
  #policyReasons(target: Target, { cores, memory }: Pick<Decision, 'cores' | 'memory'>, from: Allocation): Reason[] {
    const isCores = cores !== 'keep' && directionOf(from.cores, target.cores) === cores
    const isMemory = memory !== 'keep' && directionOf(from.memoryMb, target.memoryMb) === memory
    if (!isCores && !isMemory) return []
    const words = this.#policy.explain()
    const rule = this.#settings.scaling.policy
    return [
      ...(isCores ? [{ rule, text: `cores: ${words.cores}` }] : []),
      ...(isMemory ? [{ rule, text: `memory: ${words.memory}` }] : []),
    ]
  }
}

type Pauses = Pick<Tier, 'truce_hours' | 'shrink_cooldown_seconds' | 'grow_cooldown_seconds'>

/** The longest that anything waits for after a change; after a refusal it is a day at the most. */
export function longestWaitMs(scaling: Pauses): number {
  const {
    truce_hours: truceHours = 0,
    shrink_cooldown_seconds: shrinkS = 0,
    grow_cooldown_seconds: growS = 0,
  } = scaling
  return Math.max(MS_PER_DAY, truceHours * MS_PER_HOUR, shrinkS * MS_PER_SECOND, growS * MS_PER_SECOND)
}

function holdsOf({ scaling }: ContainerSettings): Holds {
  return {
    truceMs: scaling.truce_hours * MS_PER_HOUR,
    quarantineMs: scaling.quarantine_hours * MS_PER_HOUR,
  }
}

function firstDraft({ cores, memoryMb, isCoresUrgent, isMemoryUrgent }: Target): Draft {
  return { to: { cores, memoryMb }, reasons: [], isCoresUrgent, isMemoryUrgent }
}
