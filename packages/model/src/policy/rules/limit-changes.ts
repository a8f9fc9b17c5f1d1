import { MS_PER_SECOND } from '@lxc-autoscale/core'
import { changesAnything, durationText, holdAll, isAbove, type Rule, withReason } from '../draft.ts'

/** Growth that is not out of need waits a little after the growth before. */
export const holdInGrowCooldown: Rule = (draft, { lastGrowthMs, settings, circumstances: { allocation, nowMs } }) => {
  const leftMs =
    lastGrowthMs === undefined ? 0 : lastGrowthMs + settings.scaling.grow_cooldown_seconds * MS_PER_SECOND - nowMs
  if (leftMs <= 0) return draft
  const holdsCores = !draft.isCoresUrgent && isAbove(draft.to.cores, allocation.cores)
  const holdsMemory = !draft.isMemoryUrgent && isAbove(draft.to.memoryMb, allocation.memoryMb)
  if (!holdsCores && !holdsMemory) return draft
  return {
    ...withReason(draft, 'hold-in-grow-cooldown', `grew a moment ago; ${durationText(leftMs)} to go`),
    to: {
      cores: holdsCores ? undefined : draft.to.cores,
      memoryMb: holdsMemory ? undefined : draft.to.memoryMb,
    },
  }
}

/** At most so many changes in any hour; the second half of them is kept for growth out of need. */
export const keepChangeBudget: Rule = (draft, facts) => {
  const { recentChanges, settings, circumstances } = facts
  if (!changesAnything(draft, facts)) return draft
  const { allocation } = circumstances
  const isNeed =
    (draft.isCoresUrgent && isAbove(draft.to.cores, allocation.cores)) ||
    (draft.isMemoryUrgent && isAbove(draft.to.memoryMb, allocation.memoryMb))
  const { max_changes_per_hour: most } = settings.scaling
  const budget = isNeed ? most : Math.ceil(most / 2)
  const isKnown = isNeed || circumstances.isHistoryKnown !== false
  if (recentChanges < budget && isKnown) return draft
  const times = isKnown ? `changed ${recentChanges} times` : 'it is not known how often it was changed'
  return holdAll(draft, 'keep-change-budget', `${times} in the last hour`)
}

/** pvestatd puts changed cores into force on its next pass, every 10 s or later when the host is busy. Source: pct contract of Proxmox. */
const LATEST_EFFECT_MS = 30 * MS_PER_SECOND

/**
 * Cores do not grow further while the kernel has not put the last change into force: the newest sample still shows the
 * shortage that the change was made for.
 */
export const waitForEffect: Rule = (draft, { newest, lastChangeMs, circumstances: { allocation, nowMs } }) => {
  const inForce = newest?.cpuCores
  const isLate = lastChangeMs === undefined || nowMs - lastChangeMs > LATEST_EFFECT_MS
  if (isLate || inForce === undefined || inForce === allocation.cores) return draft
  if (!isAbove(draft.to.cores, allocation.cores)) return draft
  return {
    ...withReason(draft, 'wait-for-effect', `the kernel still gives it ${inForce} cores`),
    to: { ...draft.to, cores: undefined },
  }
}
