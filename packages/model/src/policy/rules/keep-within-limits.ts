import { type Rule, withReason } from '../draft.ts'
import { roundUp } from '../rounding.ts'

const RULE = 'keep-within-limits'

/**
 * Rounds up to what Proxmox can be told, and keeps within minimum and maximum. What stands below the minimum is raised to
 * it; what stands above the maximum may shrink, but is neither pushed down to it nor does it grow.
 */
export const keepWithinLimits: Rule = (draft, { settings: { sizing }, circumstances: { allocation } }) => {
  const { coresStep, minCores, maxCores, minMemoryMb, maxMemoryMb } = sizing
  const wantedCores = rounded(draft.to.cores ?? atLeast(allocation.cores, minCores), coresStep)
  const wantedMb = rounded(draft.to.memoryMb ?? atLeast(allocation.memoryMb, minMemoryMb), 1)
  const cores = limited(wantedCores, allocation.cores, minCores, maxCores)
  const memoryMb = limited(wantedMb, allocation.memoryMb, minMemoryMb, maxMemoryMb)
  const limits = [
    ...(cores === wantedCores ? [] : [`cores ${minCores} to ${maxCores}`]),
    ...(memoryMb === wantedMb ? [] : [`memory ${minMemoryMb} to ${maxMemoryMb} MB`]),
  ]
  const kept = { ...draft, to: { cores, memoryMb } }
  return limits.length === 0 ? kept : withReason(kept, RULE, `the limits are ${limits.join(' and ')}`)
}

function limited(to: number | undefined, from: number | undefined, min: number, max: number): number | undefined {
  if (to === undefined || from === undefined) return undefined
  const within = Math.min(max, Math.max(min, to))
  const isTurned = to > from ? within < from : within > from
  return isTurned || within === from ? undefined : within
}

/** The minimum for what is known to be below it. */
function atLeast(from: number | undefined, min: number): number | undefined {
  return from !== undefined && from < min ? min : undefined
}

function rounded(value: number | undefined, step: number): number | undefined {
  return value === undefined ? undefined : roundUp(value, step)
}
