import { holdAll, type Rule } from '../draft.ts'

const RULE = 'require-sound-data'
/** A container cannot use much more than it is allowed; beyond this the figures contradict each other. */
const IMPOSSIBLE_USE = 1.5

/** Nothing is done on an unknown allocation, or on missing, stale or contradictory samples. */
export const requireSoundData: Rule = (draft, { circumstances, newest }) => {
  const { allocation, nowMs, maxDataAgeMs } = circumstances
  if (allocation.cores === undefined && allocation.memoryMb === undefined) {
    return holdAll(draft, RULE, 'its allocation is not known')
  }
  if (newest === undefined) return holdAll(draft, RULE, 'no sample yet')
  const ageMs = nowMs - newest.timeMs
  if (ageMs > maxDataAgeMs) return holdAll(draft, RULE, `the newest sample is ${Math.round(ageMs / 1_000)} s old`)
  if (ageMs < -maxDataAgeMs) return holdAll(draft, RULE, 'the newest sample lies in the future: a clock is wrong')
  const { cpuCoresUsed, memoryUsedMb } = newest
  if (isImpossible(cpuCoresUsed, newest.allocation.cores) || isImpossible(memoryUsedMb, newest.allocation.memoryMb)) {
    return holdAll(draft, RULE, 'it seems to use far more than it is allowed: the figures contradict each other')
  }
  return {
    ...draft,
    to: {
      cores: cpuCoresUsed === undefined ? undefined : draft.to.cores,
      memoryMb: memoryUsedMb === undefined ? undefined : draft.to.memoryMb,
    },
  }
}

function isImpossible(used: number | undefined, allowed: number | undefined): boolean {
  return used !== undefined && allowed !== undefined && allowed > 0 && used > allowed * IMPOSSIBLE_USE + 1
}
