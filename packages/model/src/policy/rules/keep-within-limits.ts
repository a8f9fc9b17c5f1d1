import { type Rule, withReason } from '../draft.ts'
import { memoryStepMb, roundUp } from '../rounding.ts'

const RULE = 'keep-within-limits'

/**
 * Rounds up to what Proxmox can be told (memory to a step that people would write), and keeps within minimum and maximum. What
 * stands below the minimum is raised to it; what stands above the maximum may shrink, but is neither pushed down to it nor does
 * it grow. The limits themselves need be no multiple of a step.
 */
export const keepWithinLimits: Rule = (draft, { settings: { sizing, scaling }, circumstances: { allocation } }) => {
  const { coresStep, minCores, maxCores, minMemoryMb, maxMemoryMb } = sizing
  const wantedMb = draft.to.memoryMb ?? minMemoryMb
  const cores = limited(draft.to.cores, allocation.cores, { min: minCores, max: maxCores, step: coresStep })
  const memory = limited(draft.to.memoryMb, allocation.memoryMb, {
    min: minMemoryMb,
    max: maxMemoryMb,
    step: memoryStepMb(wantedMb, scaling.memory_step_mb),
  })
  const limits = [
    ...(cores.isByLimit ? [`cores ${minCores} to ${maxCores}`] : []),
    ...(memory.isByLimit ? [`memory ${minMemoryMb} to ${maxMemoryMb} MB`] : []),
  ]
  const kept = { ...draft, to: { cores: cores.to, memoryMb: memory.to } }
  return limits.length === 0 ? kept : withReason(kept, RULE, `the limits are ${limits.join(' and ')}`)
}

interface Grid {
  readonly min: number
  readonly max: number
  readonly step: number
}

interface Limited {
  readonly to: number | undefined
  /** A limit decided it, not the wish. */
  readonly isByLimit: boolean
}

/** Neither rounding nor a limit turns a step round: what would then is no change. */
function limited(wish: number | undefined, from: number | undefined, { min, max, step }: Grid): Limited {
  if (from === undefined || (wish === undefined && from >= min)) return { to: undefined, isByLimit: false }
  const to = wish ?? min
  const least = Math.max(min, roundUp(to, step))
  const within = to > from || to <= max ? Math.min(max, least) : least
  const isChange = to > from ? within > from : within < from
  return { to: isChange ? within : undefined, isByLimit: wish === undefined || wish < min || wish > max }
}
