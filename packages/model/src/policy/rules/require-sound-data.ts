import { beside, MS_PER_SECOND } from '@lxc-autoscale/core'
import { implausible } from '@lxc-autoscale/host'
import { type Draft, hold, holdAll, type Rule } from '../draft.ts'

const RULE = 'require-sound-data'

/** Nothing is done on an unknown allocation, or on missing or stale samples, or such that cannot be true. */
export const requireSoundData: Rule = (draft, { circumstances, newest }) => {
  const { allocation, nowMs, maxDataAgeMs, implausible: refused } = circumstances
  if (allocation.cores === undefined && allocation.memoryMb === undefined) {
    return holdAll(draft, RULE, 'its allocation is not known')
  }
  const why = refused === undefined ? '' : `; what was measured since cannot be true: ${refused}`
  if (newest === undefined) return holdAll(draft, RULE, `no sample yet${why}`)
  const ageMs = nowMs - newest.timestampMs
  if (ageMs > maxDataAgeMs) {
    const [ageS, mostS] = [ageMs / MS_PER_SECOND, maxDataAgeMs / MS_PER_SECOND]
    return holdAll(draft, RULE, `the newest sample is ${beside(ageS, [mostS])} s old, more than ${mostS} s${why}`)
  }
  if (ageMs < -maxDataAgeMs) return holdAll(draft, RULE, 'the newest sample lies in the future: a clock is wrong')
  const configured = { cpuCores: allocation.cores, memoryLimitMb: allocation.memoryMb, swapUsageMb: undefined }
  const problem = implausible(newest, { before: configured })
  if (problem !== undefined) return holdAll(draft, RULE, `what was measured cannot be true: ${problem}`)
  const measured = newest.cpuCoresUsed === undefined ? unmeasured(draft, 'cores', 'CPU') : draft
  return newest.memoryUsageMb === undefined ? unmeasured(measured, 'memoryMb', 'memory') : measured
}

function unmeasured(draft: Draft, on: keyof Draft['to'], what: string): Draft {
  if (draft.to[on] === undefined) return draft
  return hold(draft, on, { rule: RULE, text: `its ${what} use is not known` })
}
