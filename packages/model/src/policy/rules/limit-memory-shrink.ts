import { durationText, holdMemoryShrinking, isBelow, type Rule, withReason } from '../draft.ts'

const RULE = 'limit-memory-shrink'

/**
 * Memory shrinks in steps, with a pause in which pressure is watched, and never below what the container cannot give up
 * plus a margin. What it cannot give up is the larger of what the kernel says and what it uses without page cache, and
 * what it has swapped out, which a smaller limit would only add to.
 */
export const limitMemoryShrink: Rule = (draft, facts) => {
  const { settings, circumstances, newest, lastMemoryShrinkMs } = facts
  const { allocation, nowMs } = circumstances
  const target = draft.to.memoryMb
  if (target === undefined || allocation.memoryMb === undefined || !isBelow(target, allocation.memoryMb)) return draft
  if (newest?.memoryUsageMb === undefined) return holdMemoryShrinking(draft, facts, RULE, 'its memory use is not known')
  const pressure = newest.pressure?.memorySomePercent ?? 0
  if (pressure >= settings.pressureLimitPercent / 4 && pressure > 0) {
    return holdMemoryShrinking(draft, facts, RULE, `it stalls for memory ${pressure.toFixed(1)} % of the time`)
  }
  const leftMs = lastMemoryShrinkMs === undefined ? 0 : lastMemoryShrinkMs + settings.shrinkCooldownMs - nowMs
  if (leftMs > 0)
    return holdMemoryShrinking(draft, facts, RULE, `watching the step before; ${durationText(leftMs)} to go`)
  const needMb = Math.max(newest.memoryFloorMb ?? 0, newest.memoryUsageMb) + (newest.swapUsageMb ?? 0)
  const marginMb = Math.max(settings.memoryMarginMb, (needMb * settings.memoryMarginPercent) / 100)
  const stepMb = allocation.memoryMb * (1 - settings.memoryShrinkStepPercent / 100)
  const least = Math.ceil(Math.max(needMb + marginMb, stepMb))
  if (target >= least) return draft
  if (least >= allocation.memoryMb) {
    return holdMemoryShrinking(draft, facts, RULE, `it cannot give up ${Math.ceil(needMb)} MB`)
  }
  const text = least > stepMb + 1 ? `not below the ${Math.ceil(needMb)} MB in use and a margin` : 'one step at a time'
  return { ...withReason(draft, RULE, text), to: { ...draft.to, memoryMb: least } }
}
