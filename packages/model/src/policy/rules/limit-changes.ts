import { MS_PER_HOUR, MS_PER_SECOND } from '@lxc-autoscale/core'
import { grows, hold, isUrgent, RESOURCES, type Rule, type RuleFacts, shrinks } from '../draft.ts'
import { coresText, durationText, timesText } from '../wording.ts'

/** Growth that is not out of need waits a little after the growth before. */
export const holdInGrowCooldown: Rule = (draft, facts) => {
  const { lastGrowthMs, settings, circumstances } = facts
  if (lastGrowthMs === undefined) return draft
  const leftMs = lastGrowthMs + settings.scaling.grow_cooldown_seconds * MS_PER_SECOND - circumstances.nowMs
  if (leftMs <= 0) return draft
  const text = `not grown for another ${durationText(leftMs)}: ${lastChangeText(facts, lastGrowthMs, 'grew')}`
  return RESOURCES.filter(on => grows(draft, facts, on) && !isUrgent(draft, on)).reduce(
    (soFar, on) => hold(soFar, on, { rule: 'hold-in-grow-cooldown', text, untilMs: circumstances.nowMs + leftMs }),
    draft,
  )
}

/** What came of the last change, which was made at `atMs`; one that did not come about is waited for as well. */
export function lastChangeText({ lastFailureMs, circumstances: { nowMs } }: RuleFacts, atMs: number, did: string) {
  return `${atMs === lastFailureMs ? 'a change failed' : `it ${did}`} ${durationText(nowMs - atMs)} ago`
}

/** At most so many changes in any hour; the second half of them is kept for growth out of need. */
export const keepChangeBudget: Rule = (draft, facts) => {
  const { recentChangesMs, settings, circumstances } = facts
  const recentChanges = recentChangesMs.length
  const changing = RESOURCES.filter(on => grows(draft, facts, on) || shrinks(draft, facts, on))
  const isNeed = changing.some(on => isUrgent(draft, on) && grows(draft, facts, on))
  const { max_changes_per_hour: most } = settings.scaling
  const budget = isNeed ? most : Math.ceil(most / 2)
  const isKnown = isNeed || circumstances.isHistoryKnown !== false
  if (recentChanges < budget && isKnown) return draft
  const kept = recentChanges < most ? `, of which ${most - budget} are kept for growth out of need` : ''
  const text = isKnown
    ? `changed ${timesText(recentChanges)} in the last hour; max_changes_per_hour is ${most}${kept}`
    : 'how often it was changed in the last hour is not known: the audit log cannot be read'
  // From then on there are fewer than the budget.
  const freeingMs = recentChangesMs.at(-budget)
  const untilMs = freeingMs === undefined || !isKnown ? undefined : freeingMs + MS_PER_HOUR
  return changing.reduce((soFar, on) => hold(soFar, on, { rule: 'keep-change-budget', text, untilMs }), draft)
}

/** pvestatd puts changed cores into force on its next pass, every 10 s or later when the host is busy. Source: pct contract of Proxmox. */
const LATEST_EFFECT_MS = 30 * MS_PER_SECOND

/**
 * Cores do not grow further while the kernel has not put the last change into force: the newest sample still shows the
 * shortage that the change was made for.
 */
export const waitForEffect: Rule = (draft, facts) => {
  const { newest, lastChangeMs, circumstances } = facts
  const { allocation, nowMs } = circumstances
  const inForce = newest?.cpuCores
  const isLate = lastChangeMs === undefined || nowMs - lastChangeMs > LATEST_EFFECT_MS
  if (isLate || inForce === undefined || inForce === allocation.cores || !grows(draft, facts, 'cores')) return draft
  return hold(draft, 'cores', {
    rule: 'wait-for-effect',
    text: `the last change is not in force yet: the kernel gives it ${coresText(inForce)}`,
  })
}
