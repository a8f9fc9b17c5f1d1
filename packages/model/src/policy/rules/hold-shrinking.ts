import { knownText, MS_PER_SECOND } from '@lxc-autoscale/core'
import { hold, holdMemoryShrinking, holdShrinking, RESOURCES, type Rule, type RuleFacts, shrinks } from '../draft.ts'
import { learningMs } from '../past/known-past.ts'
import { durationText } from '../wording.ts'
import { lastChangeText } from './limit-changes.ts'

/** Nothing shrinks in the mode `grow_only`. */
export const holdInGrowOnly: Rule = (draft, facts) =>
  facts.settings.scaling.mode === 'grow_only'
    ? holdShrinking(draft, facts, {
        rule: 'hold-in-grow-only',
        text: `not shrunk in mode grow_only (${facts.settings.provenance['mode']?.from ?? 'mode'})`,
      })
    : draft

/** What a person gave for a time is not taken before; it is given back by the API, with which the truce has nothing to do. */
export const holdWhileBoosted: Rule = (draft, facts) => {
  const { boost } = facts.circumstances
  if (boost === undefined) return draft
  const { untilMs } = boost
  const reason = { rule: 'hold-while-boosted', text: 'not shrunk while it is boosted (lxc-autoscale boost)', untilMs }
  const isBoosted = { cores: boost.cores, memoryMb: boost.memory }
  return RESOURCES.filter(on => isBoosted[on] && shrinks(draft, facts, on)).reduce(
    (soFar, on) => hold(soFar, on, reason),
    draft,
  )
}

/** Nothing shrinks before a container has been watched for a while. */
export const holdWhileLearning: Rule = (draft, facts) => {
  const { observedMs, past, settings } = facts
  if (!isLearning(facts)) return draft
  const leftMs = learningMs(settings.scaling.learning_hours, past) - observedMs
  const known = { from_proxmox_seconds: (past?.knownMs ?? 0) / MS_PER_SECOND, own_seconds: observedMs / MS_PER_SECOND }
  const watched = past === undefined ? `watched for ${durationText(observedMs)}` : knownText(known)
  const text = `not shrunk yet: ${watched}; ${durationText(leftMs)} to go`
  return holdShrinking(draft, facts, { rule: 'hold-while-learning', text, untilMs: facts.circumstances.nowMs + leftMs })
}

/** Whether a container is not watched for long enough yet to be shrunk. */
export function isLearning({
  observedMs,
  past,
  settings,
}: Pick<RuleFacts, 'observedMs' | 'past' | 'settings'>): boolean {
  return observedMs < learningMs(settings.scaling.learning_hours, past)
}

/** Nothing shrinks while the isolation forest calls the container abnormal. */
export const holdWhileAbnormal: Rule = (draft, facts) => {
  const { verdict } = facts.circumstances
  if (verdict === undefined || !verdict.isAbnormal) return draft
  const why = verdict.why === '' ? '' : `: ${verdict.why}`
  return holdShrinking(draft, facts, { rule: 'hold-while-abnormal', text: `not shrunk while it is abnormal${why}` })
}

/** Nothing shrinks while it is not known what was changed meanwhile, and by whom. */
export const holdWithoutHistory: Rule = (draft, facts) =>
  facts.circumstances.isHistoryKnown === false
    ? holdShrinking(draft, facts, {
        rule: 'hold-without-history',
        text: 'not shrunk while the audit log cannot be read',
      })
    : draft

/** Memory is not shrunk for a while after an OOM kill, nor when it is not known any more whether there was one. */
export const holdInQuarantine: Rule = (draft, facts) => {
  const { quarantineUntilMs, lastKillMs, circumstances } = facts
  if (quarantineUntilMs === undefined || circumstances.nowMs >= quarantineUntilMs) return draft
  const left = durationText(quarantineUntilMs - circumstances.nowMs)
  const why = lastKillMs === undefined ? 'what was known of it was lost' : 'a process was killed for lack of memory'
  return holdMemoryShrinking(draft, facts, {
    rule: 'hold-in-quarantine',
    text: `not shrunk for another ${left}: ${why}`,
    untilMs: quarantineUntilMs,
  })
}

/** Proxmox balances its nodes by sizes: between a change and the next shrink it has the time that it takes to see what that did. */
export const holdForBalancer: Rule = (draft, facts) => {
  const { lastChangeMs, circumstances } = facts
  const { balancerHoldMs, nowMs } = circumstances
  const leftMs = balancerHoldMs === undefined || lastChangeMs === undefined ? 0 : lastChangeMs + balancerHoldMs - nowMs
  if (lastChangeMs === undefined || leftMs <= 0) return draft
  const why = `${lastChangeText(facts, lastChangeMs, 'was changed')}, and Proxmox balances its nodes by such sizes`
  const text = `not shrunk for another ${durationText(leftMs)}: ${why}`
  return holdShrinking(draft, facts, { rule: 'hold-for-balancer', text, untilMs: nowMs + leftMs })
}

/** Shrinking waits until the last change of any kind has shown its effect. */
export const holdInShrinkCooldown: Rule = (draft, facts) => {
  const { lastChangeMs, settings, circumstances } = facts
  if (lastChangeMs === undefined) return draft
  const leftMs = lastChangeMs + settings.scaling.shrink_cooldown_seconds * MS_PER_SECOND - circumstances.nowMs
  if (leftMs <= 0) return draft
  const text = `not shrunk for another ${durationText(leftMs)}: ${lastChangeText(facts, lastChangeMs, 'was changed')}`
  return holdShrinking(draft, facts, { rule: 'hold-in-shrink-cooldown', text, untilMs: circumstances.nowMs + leftMs })
}
