import type { Rule } from '../draft.ts'
import { growUnderPressure } from './grow-under-pressure.ts'
import { holdAfterRefusal } from './hold-after-refusal.ts'
import {
  holdForBalancer,
  holdInGrowOnly,
  holdInQuarantine,
  holdInShrinkCooldown,
  holdWhileAbnormal,
  holdWhileBoosted,
  holdWhileLearning,
  holdWithoutHistory,
} from './hold-shrinking.ts'
import { holdSmallChanges } from './hold-small-changes.ts'
import { keepRawLimits } from './keep-raw-limits.ts'
import { keepSchedule } from './keep-schedule.ts'
import { keepTruce } from './keep-truce.ts'
import { keepWithinLimits } from './keep-within-limits.ts'
import { holdInGrowCooldown, keepChangeBudget, waitForEffect } from './limit-changes.ts'
import { limitMemoryShrink } from './limit-memory-shrink.ts'
import { refuseNonsense } from './refuse-nonsense.ts'
import { requireQuietContainer } from './require-quiet-container.ts'
import { requireSoundData } from './require-sound-data.ts'

/**
 * The safety rules in their order: first what may grow or change the wish, then what holds it. No rule after
 * `requireSoundData` makes anything grow, so that nothing is ever done on bad data. ADD YOURS HERE.
 */
export const RULES: readonly Rule[] = [
  refuseNonsense,
  growUnderPressure,
  holdInGrowOnly,
  holdWhileBoosted,
  holdWhileLearning,
  holdWhileAbnormal,
  holdInQuarantine,
  holdWithoutHistory,
  holdInShrinkCooldown,
  holdForBalancer,
  limitMemoryShrink,
  keepSchedule,
  waitForEffect,
  holdInGrowCooldown,
  keepWithinLimits,
  holdSmallChanges,
  keepRawLimits,
  holdAfterRefusal,
  keepChangeBudget,
  requireSoundData,
  keepTruce,
  requireQuietContainer,
]
