import { keyText } from '../container-settings.ts'
import type { Allocation, Reason } from '../decision.ts'
import { ask, askingRule, type Draft, hold, holdAt, type Remark, type Rule, type RuleFacts } from '../draft.ts'
import { memoryStepMb, roundUp } from '../rounding.ts'
import { coresText, mbText } from '../wording.ts'

const RULE = 'keep-within-limits'

/**
 * Rounds up to what Proxmox can be told (memory to a step that people would write), and keeps within minimum and maximum. What
 * stands below the minimum is raised to it; what stands above the maximum may shrink, but is neither pushed down to it nor does
 * it grow. The limits themselves need be no multiple of a step.
 */
export const keepWithinLimits: Rule = (draft, facts) => {
  const { sizing, scaling } = facts.settings
  const { coresStep, minCores, maxCores, minMemoryMb, maxMemoryMb } = sizing
  const memoryStep = memoryStepMb(draft.to.memoryMb ?? minMemoryMb, scaling.memory_step_mb)
  const cores = {
    on: 'cores',
    min: minCores,
    max: maxCores,
    step: coresStep,
    keys: 'cpu_cores',
    print: coresText,
  } as const
  const memory = {
    on: 'memoryMb',
    min: minMemoryMb,
    max: maxMemoryMb,
    step: memoryStep,
    keys: 'ram_mb',
    print: mbText,
  } as const
  return limited(limited(draft, facts, cores), facts, memory)
}

interface Grid {
  readonly on: keyof Allocation
  readonly min: number
  readonly max: number
  readonly step: number
  /** How the keys of both end. */
  readonly keys: string
  readonly print: (size: number) => string
}

interface Wish {
  readonly from: number
  readonly to: number
}

function limited(draft: Draft, facts: RuleFacts, grid: Grid): Draft {
  const { on, min, max, keys, print } = grid
  const from = facts.circumstances.allocation[on]
  const to = draft.to[on]
  // Put into words only where they count: most looks of all containers come by here.
  const least = () => ({ rule: RULE, text: `at least ${print(min)} (${keyText(facts.settings, `min_${keys}`)})` })
  const most = () => ({ rule: RULE, text: `at most ${print(max)} (${keyText(facts.settings, `max_${keys}`)})` })
  // Of a size that is the minimum to the digit the policy has the minimum in mind.
  const isBelow = to === undefined || to < min || (to === min && askingRule(draft, on) === undefined)
  if (from !== undefined && from < min && isBelow) return ask(draft, on, min, least())
  if (from === undefined || to === undefined || to === from) return { ...draft, to: { ...draft.to, [on]: undefined } }
  return to > from ? grown(draft, { from, to }, grid, most) : shrunk(draft, { from, to }, grid, least)
}

function grown(draft: Draft, { from, to }: Wish, { on, max, step }: Grid, most: () => Reason): Draft {
  if (max <= from) return hold(draft, on, most())
  if (to > max) return holdAt(draft, on, max, most())
  return { ...draft, to: { ...draft.to, [on]: Math.min(max, roundUp(to, step)) } }
}

/** Neither rounding nor the minimum turns a step round: what would then is no change. */
function shrunk(draft: Draft, { from, to }: Wish, { on, min, max, step, print }: Grid, least: () => Reason): Draft {
  const rounded = roundUp(to, step)
  if (rounded < min) return min < from ? holdAt(draft, on, min, least()) : hold(draft, on, least())
  const size = to > max ? rounded : Math.min(max, rounded)
  // What bounded a wish to a size that rounding takes it to anyway did not decide.
  const isBound = roundUp(draft.asked[on] ?? to, step) !== rounded
  const reasons = draft.reasons.filter(reason => isBound || reason.on !== on || reason.does !== 'holds')
  if (size < from) return { ...draft, to: { ...draft.to, [on]: size }, reasons }
  const rounding: Remark = { rule: RULE, text: `in steps of ${print(step)} that is what it has`, on, does: 'holds' }
  return { ...draft, to: { ...draft.to, [on]: undefined }, reasons: [...reasons, rounding] }
}
