import { beside, MS_PER_SECOND } from '@lxc-autoscale/core'
import { hold, holdAt, type Rule, shrinks } from '../draft.ts'
import { memoryNeedMb } from '../memory-need.ts'
import { durationText } from '../wording.ts'

const RULE = 'limit-memory-shrink'

/**
 * Memory shrinks in steps, with a pause in which pressure is watched, and never below what the API's safety rules allow at this
 * moment, nor below what the container uses without page cache and has swapped out, which a smaller limit would only add to.
 */
export const limitMemoryShrink: Rule = (draft, facts) => {
  const { settings, circumstances, newest, lastMemoryShrinkMs } = facts
  const { allocation, leastMemoryMb, nowMs } = circumstances
  const { pressure_limit_percent, shrink_cooldown_seconds, memory_shrink_step_percent } = settings.scaling
  const { memoryMb: fromMb } = allocation
  const target = draft.to.memoryMb
  if (target === undefined || fromMb === undefined || !shrinks(draft, facts, 'memoryMb')) return draft
  const kept = (why: string, untilMs?: number) =>
    hold(draft, 'memoryMb', { rule: RULE, text: `not shrunk: ${why}`, untilMs })
  const needMb = newest === undefined ? undefined : memoryNeedMb(newest)
  if (newest === undefined || needMb === undefined) return kept('its memory use is not known')
  if (leastMemoryMb === undefined) return kept('the API does not say how little memory is safe now')
  const stalledPercent = newest.pressure?.memorySomePercent ?? 0
  const mostPercent = pressure_limit_percent / 4
  if (stalledPercent >= mostPercent && stalledPercent > 0) {
    const stalled = beside(stalledPercent, [mostPercent], 1)
    return kept(`it stalls for memory ${stalled} % of the time, of which ${mostPercent} % is too much`)
  }
  const leftMs =
    lastMemoryShrinkMs === undefined ? 0 : lastMemoryShrinkMs + shrink_cooldown_seconds * MS_PER_SECOND - nowMs
  if (leftMs > 0) return kept(`watching the step before; ${durationText(leftMs)} to go`, nowMs + leftMs)
  const bounds = [
    {
      leastMb: fromMb * (1 - memory_shrink_step_percent / 100),
      why: `at most ${memory_shrink_step_percent} % at once (memory_shrink_step_percent)`,
    },
    { leastMb: leastMemoryMb, why: 'what the API allows at this moment' },
    { leastMb: needMb, why: 'what it uses and has swapped out' },
  ]
  const tightest = bounds.reduce((most, each) => (each.leastMb > most.leastMb ? each : most))
  const leastMb = Math.ceil(tightest.leastMb)
  if (target >= leastMb) return draft
  const reason = { rule: RULE, text: `not below ${leastMb} MB: ${tightest.why}` }
  return leastMb >= fromMb ? hold(draft, 'memoryMb', reason) : holdAt(draft, 'memoryMb', leastMb, reason)
}
