import type { Lift } from './cpu-parameters.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Numbers of the memory part of `adaptive`. Risks are in kills per day, before a container has shown its own. */
export const MEMORY_PARAMETERS = {
  windows: [
    { spanMs: HOUR_MS, risk: 0.15, text: 'peak of the last hour' },
    { spanMs: 4 * HOUR_MS, risk: 0.1, text: 'peak of the last 4 hours' },
    { spanMs: 24 * HOUR_MS, risk: 0.05, text: 'peak of the last 24 hours' },
    { spanMs: 72 * HOUR_MS, risk: 0.04, text: 'peak of the last 3 days' },
  ],
  /** Largest margins: what is added is the surprise of the last days, within [smallestMargin, share]. */
  margins: [
    { share: 0.15, risk: 1 },
    { share: 0.21, risk: 0.7 },
    { share: 0.3, risk: 0.45 },
    { share: 0.5, risk: 0.25 },
  ] satisfies readonly Lift[],
  smallestMargin: 0.15,
  /** Until this age the sizer of this number is used. */
  chooseAfterMs: DAY_MS,
  firstSizer: 4,
  /** What one kill per day costs, in shares of unused memory. */
  killPrice: 1.3,
  priorDays: 1,
  scaleDays: 1e6,
  billHalfLifeMs: 10 * DAY_MS,
  stick: 0.005,
  chooseEveryMs: HOUR_MS,
  killBill: 1.15,
  /** A peak at which it was killed counts as this much higher. */
  killPeak: 1.3,
  highPeak: 1.1,
  jump: 1.3,
  longestJump: 3,
  surpriseWindowMs: 24 * HOUR_MS,
  surpriseMemoryMs: 7 * DAY_MS,
  surpriseAfterMs: 6 * HOUR_MS,
  daySlotMs: 5 * MINUTE_MS,
  daysRemembered: 5,
  weekSlotMs: 10 * MINUTE_MS,
  weeksRemembered: 3,
  slotRange: { aheadMs: 30 * MINUTE_MS, backMs: 5 * MINUTE_MS },
  slotMargin: 0.15,
  /** A rise as steep as the steepest of this long is provided for, this many times. */
  riseWindowMs: 2 * HOUR_MS,
  risesAhead: 1,
  /** A sample beats the peak of two hours by so much: something has begun. */
  stepWindowMs: 2 * HOUR_MS,
  stepShare: 0.1,
  stepMb: 4,
  /** With the CPU doing the same by this factor, a smaller step of memory is enough. */
  stepShareWithCpu: 0.01,
  stepCpuFactor: 1.5,
  stepCpuDelayMs: 5 * MINUTE_MS,
  stepRoomMb: 96,
  stepMs: 30 * MINUTE_MS,
  noShrinkMs: 2 * HOUR_MS,
  holdMs: 10 * MINUTE_MS,
  deadBand: 0.05,
  deadBandLimit: 0.5,
  tightFit: 0.01,
  slotFit: 0.05,
  tokenPressure: 3,
  tokensPerDay: 12,
  tokensKept: 12,
  abnormalRoomMb: 96,
} as const
export type MemoryParameters = typeof MEMORY_PARAMETERS
