import { MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core'
import { durationText, holdMemoryShrinking, holdShrinking, type Rule, type RuleFacts } from '../draft.ts'

/** Nothing shrinks in the mode `grow_only`. */
export const holdInGrowOnly: Rule = (draft, facts) =>
  facts.settings.scaling.mode === 'grow_only'
    ? holdShrinking(draft, facts, 'hold-in-grow-only', 'mode grow_only')
    : draft

/** How long a container is still to be watched before anything of it shrinks; below zero when that is over. */
export function learningLeftMs({ settings, observedMs }: Pick<RuleFacts, 'settings' | 'observedMs'>): number {
  return settings.scaling.learning_hours * MS_PER_HOUR - observedMs
}

/** Nothing shrinks before a container has been watched for a while. */
export const holdWhileLearning: Rule = (draft, facts) => {
  const leftMs = learningLeftMs(facts)
  return leftMs > 0
    ? holdShrinking(
        draft,
        facts,
        'hold-while-learning',
        `watched for ${durationText(facts.observedMs)}; ${durationText(leftMs)} to go`,
      )
    : draft
}

/** Nothing shrinks while the isolation forest calls the container abnormal. */
export const holdWhileAbnormal: Rule = (draft, facts) => {
  const { verdict } = facts.circumstances
  if (verdict === undefined || !verdict.isAbnormal) return draft
  return holdShrinking(draft, facts, 'hold-while-abnormal', verdict.why === '' ? 'it behaves abnormally' : verdict.why)
}

/** Nothing shrinks while it is not known what was changed meanwhile, and by whom. */
export const holdWithoutHistory: Rule = (draft, facts) =>
  facts.circumstances.isHistoryKnown === false
    ? holdShrinking(draft, facts, 'hold-without-history', 'the audit log cannot be read')
    : draft

/** Memory is not shrunk for a while after an OOM kill, nor when it is not known any more whether there was one. */
export const holdInQuarantine: Rule = (draft, facts) => {
  const { quarantineUntilMs, lastKillMs, circumstances } = facts
  if (quarantineUntilMs === undefined || circumstances.nowMs >= quarantineUntilMs) return draft
  const left = durationText(quarantineUntilMs - circumstances.nowMs)
  const why = lastKillMs === undefined ? 'what was known of it was lost' : 'a process was killed for lack of memory'
  return holdMemoryShrinking(draft, facts, 'hold-in-quarantine', `${why}; quarantine for another ${left}`)
}

/** Shrinking waits until the last change of any kind has shown its effect. */
export const holdInShrinkCooldown: Rule = (draft, facts) => {
  const { lastChangeMs, settings, circumstances } = facts
  const leftMs =
    lastChangeMs === undefined
      ? 0
      : lastChangeMs + settings.scaling.shrink_cooldown_seconds * MS_PER_SECOND - circumstances.nowMs
  return leftMs > 0
    ? holdShrinking(draft, facts, 'hold-in-shrink-cooldown', `changed a moment ago; ${durationText(leftMs)} to go`)
    : draft
}
