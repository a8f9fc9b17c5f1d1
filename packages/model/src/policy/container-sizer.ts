import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core'
import { z } from 'zod'
import type { ContainerSettings } from './container-settings.ts'
import {
  type Allocation,
  type Circumstances,
  type Decision,
  type Direction,
  directionOf,
  type LimitsInForce,
  type LocalSample,
  type PerResource,
  type Reason,
} from './decision.ts'
import { askingRule, type Draft, holding, isBelow, RESOURCES, type Remark, type RuleFacts } from './draft.ts'
import type { Limits } from './limits.ts'
import { KnownPast, knownPast, ofThisContainer, soundSteps } from './past/known-past.ts'
import type { PastChange } from './past-change.ts'
import { POLICIES } from './policies/index.ts'
import { POLICY_NAMES, type PolicyName } from './policies/policy-names.ts'
import type { KeptPast, Policy, PolicyState, Target } from './policy.ts'
import type { Refused } from './refusals.ts'
import { isLearning } from './rules/hold-shrinking.ts'
import { RULES } from './rules/index.ts'
import { minimumsNow } from './rules/keep-schedule.ts'
import { type Holds, SafetyMemory } from './safety-memory.ts'
import type { Tier } from './settings.ts'

const VERSION = 1

/** What `serialise` gives; the policy and the safety memory check what is theirs. */
const SizerState = z.object({
  version: z.literal(VERSION),
  policy: z.enum(POLICY_NAMES),
  learned: z.unknown(),
  safety: z.unknown(),
  past: KnownPast.optional(),
})
const NOTHING = { policy: undefined, learned: undefined, safety: undefined, past: undefined }

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
  #past: KnownPast | undefined
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
    this.#past = state.past
    this.#policy = this.#begin(learned)
  }

  get settings(): ContainerSettings {
    return this.#settings
  }

  /** It is not watched for long enough yet to be shrunk. */
  get isLearning(): boolean {
    return isLearning({ ...this.known, settings: this.#settings })
  }

  /** What is known of it from Proxmox, and for how long it was watched. */
  get known(): { readonly past: KnownPast | undefined; readonly observedMs: number } {
    return { past: this.#past, observedMs: this.#memory.observedMs }
  }

  /** It has begun anew, and what Proxmox has kept of it would help. */
  get wantsPast(): boolean {
    return this.#policy.wantsPast ?? false
  }

  /** Learns what Proxmox has kept of the time before it was watched. Only while it `wantsPast`. */
  learnPast({ steps, timesOf }: KeptPast): void {
    const sound = soundSteps(steps)
    const [last] = sound.slice(-1)
    const endMs = last === undefined ? 0 : last.startMs + last.stepMs
    const agoMs = (this.#newest?.timestampMs ?? 0) - timesOf(endMs).timestampMs
    const now = { cores: this.#newest?.cpuCores, memoryLimitMb: this.#newest?.memoryLimitMb, startMs: endMs + agoMs }
    const learned = this.#policy.learnPast?.({ steps: ofThisContainer(sound, now), timesOf })
    this.#past = knownPast(learned ?? [], agoMs)
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
    this.#memory.observe(sample, () => holdsOf(this.#settings), learnedMs)
    this.#policy.observe(sample)
  }

  /** What is to be done now. */
  decide(circumstances: Circumstances): Decision {
    const { allocation, nowMs, localTimeMs } = circumstances
    this.#memory.see(circumstances, holdsOf(this.#settings))
    const target = this.#policy.decide({ timeMs: nowMs, localTimeMs, allocation })
    const facts = this.#facts(circumstances)
    const draft = RULES.reduce<Draft>((soFar, rule) => rule(soFar, facts), firstDraft(target))
    return this.#decision(facts, target, draft)
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
    this.#policy = isSamePolicy ? this.#begin(saved, this.#policy) : this.#begin(undefined)
    // What a policy keeps only until the next sample is not saved; one that has learned this sample passes it over.
    if (this.#newest !== undefined) this.#policy.observe(this.#newest)
  }

  /** The words of the policy for the newest decision, and what would have been the next best. */
  explain(): { readonly cores: string; readonly memory: string } {
    return this.#policy.explain(true)
  }

  /** Everything that was learned, JSON-safe. */
  serialise(): unknown {
    return {
      version: VERSION,
      policy: this.#settings.scaling.policy,
      learned: this.#policy.serialise(),
      safety: this.#memory.state,
      past: this.#past,
    }
  }

  /** A policy that begins to learn knows no peak yet: the container is watched from now on, however long it was before. */
  #begin(learned: unknown, former?: PolicyState): PolicyState {
    const { scaling, sizing } = this.#settings
    const policy = this.#policies[scaling.policy].create(sizing, learned, former)
    if (policy.goesOn) return policy
    this.#memory.watchAnew()
    this.#past = undefined
    return policy
  }

  #facts(circumstances: Circumstances): RuleFacts {
    const { nowMs } = circumstances
    return Object.assign(this.#memory.facts(nowMs), {
      settings: this.#settings,
      past: this.#past,
      circumstances,
      newest: this.#newest,
    })
  }

  #decision(facts: RuleFacts, target: Target, draft: Draft): Decision {
    const { allocation, nowMs } = facts.circumstances
    const to: Allocation = {
      cores: draft.to.cores ?? allocation.cores,
      memoryMb: draft.to.memoryMb ?? allocation.memoryMb,
    }
    const directions = {
      cores: directionOf(allocation.cores, to.cores),
      memory: directionOf(allocation.memoryMb, to.memoryMb),
    }
    const limits = limitsInForce(facts)
    const [cores, memory] = [holding(draft, allocation, 'cores'), holding(draft, allocation, 'memoryMb')]
    const { policy, mode } = this.#settings.scaling
    const askedBy = { cores: askingRule(draft, 'cores') ?? policy, memory: askingRule(draft, 'memoryMb') ?? policy }
    return {
      vmid: this.vmid,
      timeMs: nowMs,
      from: allocation,
      to,
      wanted: { cores: target.cores ?? allocation.cores, memoryMb: target.memoryMb ?? allocation.memoryMb },
      ...directions,
      isToBeApplied: mode !== 'recommend',
      isInNeed: draft.isCoresUrgent || draft.isMemoryUrgent,
      reasons: [...this.#policyReasons(draft, directions), ...reasonsOf(draft.reasons)],
      policy,
      askedBy,
      heldBy: { cores: cores?.rule, memory: memory?.rule },
      heldUntilMs: { cores: cores?.untilMs, memory: memory?.untilMs },
      atMaximum: {
        cores: isBelow(limits.maxCores, draft.asked.cores),
        memory: isBelow(limits.maxMemoryMb, draft.asked.memoryMb),
      },
      limits,
    }
  }

  /** Why the policy wanted it, for what changes as the policy wanted it; what a rule asked for instead the rule explains. */
  #policyReasons(draft: Draft, { cores, memory }: PerResource<Direction>): Reason[] {
    const isCores = cores !== 'keep' && askingRule(draft, 'cores') === undefined
    const isMemory = memory !== 'keep' && askingRule(draft, 'memoryMb') === undefined
    if (!isCores && !isMemory) return []
    const words = this.#policy.explain(false)
    const rule = this.#settings.scaling.policy
    return [
      ...(isCores ? [{ rule, text: `cores: ${words.cores}` }] : []),
      ...(isMemory ? [{ rule, text: `memory: ${words.memory}` }] : []),
    ]
  }
}

const NAMES = { cores: 'cores', memoryMb: 'memory' } as const

/** What the rules said, each sentence once and with the resources that it is about. */
function reasonsOf(remarks: readonly Remark[]): Reason[] {
  const told = new Map<string, Reason>()
  for (const { rule, text } of remarks) {
    const about = remarks.filter(other => other.rule === rule && other.text === text).map(({ on }) => on)
    const names = RESOURCES.filter(on => about.includes(on)).map(on => NAMES[on])
    told.set(`${rule} ${text}`, { rule, text: names.length === 0 ? text : `${names.join(' and ')}: ${text}` })
  }
  return [...told.values()]
}

function limitsInForce(facts: RuleFacts): LimitsInForce {
  const { sizing, scaling } = facts.settings
  const window = minimumsNow(facts)
  return {
    minCores: Math.max(sizing.minCores, window.minCores),
    maxCores: scaling.max_cpu_cores === undefined ? undefined : sizing.maxCores,
    minMemoryMb: Math.max(sizing.minMemoryMb, window.minMemoryMb),
    maxMemoryMb: scaling.max_ram_mb === undefined ? undefined : sizing.maxMemoryMb,
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
  return { to: { cores, memoryMb }, asked: { cores, memoryMb }, reasons: [], isCoresUrgent, isMemoryUrgent }
}
