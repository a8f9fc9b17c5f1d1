import { beside } from '@lxc-autoscale/core'
import type { Allocation, LocalSample } from '../decision.ts'
import { type Draft, hold, isUrgent, RESOURCES, type Rule, type RuleFacts } from '../draft.ts'
import { memoryNeedMb } from '../memory-need.ts'
import { minimumsNow } from './keep-schedule.ts'

const RULE = 'hold-small-changes'

/**
 * A change of less than `min_change_percent` of what a container has is not worth the unrest, unless it is growth that is
 * needed: asked for as urgent, or because what was seen last leaves no more room than that. What stands outside its limits
 * moves towards them by any step, and one whole core is never too little.
 */
export const holdSmallChanges: Rule = (draft, facts) => {
  const { min_change_percent: leastPercent } = facts.settings.scaling
  return RESOURCES.filter(on => isTooSmall(on, draft, facts)).reduce((soFar, on) => {
    const [from = 0, to = 0] = [facts.circumstances.allocation[on], draft.to[on]]
    const percent = beside((100 * Math.abs(to - from)) / from, [leastPercent], 1)
    return hold(soFar, on, { rule: RULE, text: `${percent} % is less than min_change_percent, ${leastPercent} %` })
  }, draft)
}

function isTooSmall(resource: keyof Allocation, draft: Draft, facts: RuleFacts): boolean {
  const { settings, circumstances } = facts
  const [from, to] = [circumstances.allocation[resource], draft.to[resource]]
  if (from === undefined || to === undefined) return false
  const share = settings.scaling.min_change_percent / 100
  if (Math.abs(to - from) >= from * share || isOutsideLimits(resource, from, facts)) return false
  if (resource === 'cores' && settings.sizing.coresStep === 1) return false
  return to < from || !(isUrgent(draft, resource) || needOf(resource, facts.newest) > from * (1 - share))
}

function isOutsideLimits(resource: keyof Allocation, from: number, facts: RuleFacts): boolean {
  const { minCores, maxCores, minMemoryMb, maxMemoryMb } = facts.settings.sizing
  const window = minimumsNow(facts)
  return resource === 'cores'
    ? from < Math.max(minCores, window.minCores) || from > maxCores
    : from < Math.max(minMemoryMb, window.minMemoryMb) || from > maxMemoryMb
}

/** What the container needed when it was looked at last; 0 when that is not known. */
function needOf(resource: keyof Allocation, newest: LocalSample | undefined): number {
  const need = newest && (resource === 'cores' ? newest.cpuCoresUsed : memoryNeedMb(newest))
  return need ?? 0
}
