import { beside, MS_PER_HOUR } from '@lxc-autoscale/core'
import type { LocalSample } from '../decision.ts'
import { ask, type Draft, type Rule, type RuleFacts, tell } from '../draft.ts'
import { memoryNeedMb } from '../memory-need.ts'
import { durationText, mbText } from '../wording.ts'

const RULE = 'grow-under-pressure'
const GROWTH = 1.2
const LEAST_GROWTH_MB = 64
const INNER_KILL_TOLD_MS = MS_PER_HOUR

/**
 * Memory grows at once when the kernel says that the container hit its limit: an OOM kill, allocations at memory.max, stalls
 * for memory, or stalls with more in swap than would fit: at least so far that what is swapped out would fit. A policy may want
 * more than that, never less.
 */
export const growUnderPressure: Rule = (draft, facts) => {
  const { newest, circumstances, settings } = facts
  const fromMb = circumstances.allocation.memoryMb
  if (newest === undefined || fromMb === undefined) return withInnerKills(draft, facts)
  const needMb = memoryNeedMb(newest) ?? 0
  const isOverfull = needMb > fromMb
  const sign = pressureSign(newest, { isOverfull, limitPercent: settings.scaling.pressure_limit_percent })
  if (sign === undefined) return withInnerKills(draft, facts)
  const steps = [
    { toMb: fromMb * GROWTH, text: `${Math.round(100 * (GROWTH - 1))} % more` },
    { toMb: fromMb + LEAST_GROWTH_MB, text: `${LEAST_GROWTH_MB} MB more` },
    { toMb: needMb, text: `room for the ${mbText(needMb)} that it uses and has swapped out` },
  ]
  const { toMb, text } = steps.reduce((most, step) => (step.toMb > most.toMb ? step : most))
  const urgent = { ...draft, isMemoryUrgent: true }
  if (draft.to.memoryMb !== undefined && draft.to.memoryMb >= toMb) return urgent
  return ask(urgent, 'memoryMb', toMb, { rule: RULE, text: `${sign}: at once ${text}` })
}

/** A kill inside a limit of its own (a container in the container, a unit with `MemoryMax`) is named, and nothing more is done about it. */
function withInnerKills(draft: Draft, { lastInnerKillMs, circumstances: { nowMs } }: RuleFacts): Draft {
  const agoMs = lastInnerKillMs === undefined ? Number.POSITIVE_INFINITY : nowMs - lastInnerKillMs
  if (agoMs > INNER_KILL_TOLD_MS) return draft
  const text = `a process was killed inside a limit of its own ${durationText(agoMs)} ago: more memory would not help it`
  return tell(draft, RULE, text)
}

interface Pressed {
  /** It needs more than it is allowed: the rest is swapped out. */
  readonly isOverfull: boolean
  readonly limitPercent: number
}

/** What says that memory is short, in words; undefined when nothing does. */
function pressureSign(sample: LocalSample, { isOverfull, limitPercent }: Pressed): string | undefined {
  const { memoryEvents, pressure, swapUsageMb = 0 } = sample
  const { oomKill = 0, max = 0, high = 0 } = memoryEvents ?? {}
  const stalledPercent = pressure?.memorySomePercent ?? 0
  if (oomKill > 0) return `${oomKill} ${oomKill === 1 ? 'process was' : 'processes were'} killed for lack of memory`
  // Page cache alone makes a full container meet its limits harmlessly; only with stalls it is a sign of need. Neither is swap
  // that was left over from another time.
  const isStalling = stalledPercent >= limitPercent / 4 && stalledPercent > 0
  const stalls = (limit: number) =>
    `stalls for memory ${beside(stalledPercent, [limit])} % of the time, of which ${limit} % is too much`
  if (isStalling && isOverfull && swapUsageMb > 0) return `${stalls(limitPercent / 4)} with swap in use`
  if (stalledPercent >= limitPercent) return stalls(limitPercent)
  return isStalling && max + high > 0 ? `${stalls(limitPercent / 4)} at its limit` : undefined
}
