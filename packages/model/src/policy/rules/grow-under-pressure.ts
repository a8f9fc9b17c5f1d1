import { MS_PER_HOUR } from '@lxc-autoscale/core'
import type { LocalSample } from '../decision.ts'
import { type Draft, durationText, isAbove, type Rule, type RuleFacts, withReason } from '../draft.ts'

const RULE = 'grow-under-pressure'
const GROWTH = 1.2
const LEAST_GROWTH_MB = 64
const INNER_KILL_TOLD_MS = MS_PER_HOUR

/**
 * Memory grows at once when the kernel says that the container hit its limit: an OOM kill, allocations at memory.max, or
 * stalls for memory. A policy may want more than that, never less.
 */
export const growUnderPressure: Rule = (draft, facts) => {
  const { newest, circumstances, settings } = facts
  const { allocation } = circumstances
  const sign = newest === undefined ? undefined : pressureSign(newest, settings.scaling.pressure_limit_percent)
  if (sign === undefined || allocation.memoryMb === undefined) return withInnerKills(draft, facts)
  const least = Math.max(allocation.memoryMb * GROWTH, allocation.memoryMb + LEAST_GROWTH_MB)
  const urgent = { ...draft, isMemoryUrgent: true }
  if (draft.to.memoryMb !== undefined && draft.to.memoryMb >= least) return urgent
  const isNew = !isAbove(draft.to.memoryMb, allocation.memoryMb)
  const grown = { ...urgent, to: { ...draft.to, memoryMb: least } }
  return isNew ? withReason(grown, RULE, sign) : grown
}

/** A kill inside a limit of its own (a container in the container, a unit with `MemoryMax`) is named, and nothing more is done about it. */
function withInnerKills(draft: Draft, { lastInnerKillMs, circumstances: { nowMs } }: RuleFacts): Draft {
  const agoMs = lastInnerKillMs === undefined ? Number.POSITIVE_INFINITY : nowMs - lastInnerKillMs
  if (agoMs > INNER_KILL_TOLD_MS) return draft
  const text = `a process was killed inside a limit of its own ${durationText(agoMs)} ago: more memory would not help it`
  return withReason(draft, RULE, text)
}

/** What says that memory is short, in words; undefined when nothing does. */
function pressureSign({ memoryEvents, pressure }: LocalSample, pressureLimitPercent: number): string | undefined {
  const { oomKill = 0, max = 0, high = 0 } = memoryEvents ?? {}
  const stalledPercent = pressure?.memorySomePercent ?? 0
  if (oomKill > 0) return `${oomKill} ${oomKill === 1 ? 'process was' : 'processes were'} killed for lack of memory`
  if (stalledPercent >= pressureLimitPercent) return `stalled for memory ${stalledPercent.toFixed(0)} % of the time`
  // Page cache alone makes a full container meet its limits harmlessly; only with stalls it is a sign of need.
  const isStalling = stalledPercent >= pressureLimitPercent / 4
  if (isStalling && max + high > 0) return 'it meets its memory limit and stalls'
  return undefined
}
