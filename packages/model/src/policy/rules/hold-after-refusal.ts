import { directionOf } from '../decision.ts'
import { durationText, type Rule, withReason } from '../draft.ts'
import { askAgainMs, find } from '../refusals.ts'

/** What the API refused is asked for again later and later, until something has changed. */
export const holdAfterRefusal: Rule = (draft, { refusals, circumstances: { allocation, nowMs } }) => {
  const cores = find(refusals, 'cores', directionOf(allocation.cores, draft.to.cores))
  const memory = find(refusals, 'memory', directionOf(allocation.memoryMb, draft.to.memoryMb))
  const coresMs = cores === undefined ? 0 : askAgainMs(cores, draft.isCoresUrgent && cores.direction === 'up') - nowMs
  const memoryMs =
    memory === undefined ? 0 : askAgainMs(memory, draft.isMemoryUrgent && memory.direction === 'up') - nowMs
  if (coresMs <= 0 && memoryMs <= 0) return draft
  const what = [...(coresMs > 0 ? ['cores'] : []), ...(memoryMs > 0 ? ['memory'] : [])].join(' and ')
  const text = `the API refused it for ${what}; asked again in ${durationText(Math.max(coresMs, memoryMs))}`
  return {
    ...withReason(draft, 'hold-after-refusal', text),
    to: { cores: coresMs > 0 ? undefined : draft.to.cores, memoryMb: memoryMs > 0 ? undefined : draft.to.memoryMb },
  }
}
