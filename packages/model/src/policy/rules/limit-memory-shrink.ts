import { MS_PER_SECOND } from '@lxc-autoscale/core'
import { durationText, holdMemoryShrinking, isBelow, type Rule, withReason } from '../draft.ts'
import { memoryNeedMb } from '../memory-need.ts'

const RULE = 'limit-memory-shrink'

/**
 * Memory shrinks in steps, with a pause in which pressure is watched, and never below what the API's safety rules allow at this
 * moment, nor below what the container uses without page cache and has swapped out, which a smaller limit would only add to.
 */
export const limitMemoryShrink: Rule = (draft, facts) => {
  const { settings, circumstances, newest, lastMemoryShrinkMs } = facts
  const { allocation, leastMemoryMb, nowMs } = circumstances
  const { pressure_limit_percent, shrink_cooldown_seconds, memory_shrink_step_percent } = settings.scaling
  const target = draft.to.memoryMb
  if (target === undefined || allocation.memoryMb === undefined || !isBelow(target, allocation.memoryMb)) return draft
  const hold = (text: string) => holdMemoryShrinking(draft, facts, RULE, text)
  const needMb = newest === undefined ? undefined : memoryNeedMb(newest)
  if (newest === undefined || needMb === undefined) return hold('its memory use is not known')
  if (leastMemoryMb === undefined) return hold('the API does not say how little memory is safe now')
  const pressure = newest.pressure?.memorySomePercent ?? 0
  if (pressure >= pressure_limit_percent / 4 && pressure > 0) {
    return hold(`it stalls for memory ${pressure.toFixed(1)} % of the time`)
  }
  const leftMs =
    lastMemoryShrinkMs === undefined ? 0 : lastMemoryShrinkMs + shrink_cooldown_seconds * MS_PER_SECOND - nowMs
  if (leftMs > 0) return hold(`watching the step before; ${durationText(leftMs)} to go`)
  const stepMb = allocation.memoryMb * (1 - memory_shrink_step_percent / 100)
  const least = Math.ceil(Math.max(leastMemoryMb, needMb, stepMb))
  if (target >= least) return draft
  if (least >= allocation.memoryMb) return hold(`it cannot do with less than ${least} MB`)
  const text = least > stepMb + 1 ? `not below the ${least} MB that it needs now` : 'one step at a time'
  return { ...withReason(draft, RULE, text), to: { ...draft.to, memoryMb: least } }
}
