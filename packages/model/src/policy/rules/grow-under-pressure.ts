import type { LocalSample } from '../decision.ts'
import { isAbove, type Rule, withReason } from '../draft.ts'

const RULE = 'grow-under-pressure'
const GROWTH = 1.2
const LEAST_GROWTH_MB = 64

/**
 * Memory grows at once when the kernel says that the container hit its limit: an OOM kill, allocations at memory.max, or
 * stalls for memory. A policy may want more than that, never less.
 */
export const growUnderPressure: Rule = (draft, { newest, circumstances: { allocation }, settings }) => {
  const sign = newest === undefined ? undefined : pressureSign(newest, settings.pressureLimitPercent)
  if (sign === undefined || allocation.memoryMb === undefined) return draft
  const least = Math.max(allocation.memoryMb * GROWTH, allocation.memoryMb + LEAST_GROWTH_MB)
  const urgent = { ...draft, isMemoryUrgent: true }
  if (draft.to.memoryMb !== undefined && draft.to.memoryMb >= least) return urgent
  const isNew = !isAbove(draft.to.memoryMb, allocation.memoryMb)
  const grown = { ...urgent, to: { ...draft.to, memoryMb: least } }
  return isNew ? withReason(grown, RULE, sign) : grown
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
