import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from '@lxc-autoscale/core'

/** Numbers of the memory part of `adaptive`. */
export const MEMORY_PARAMETERS = {
  windows: [
    { spanMs: MS_PER_HOUR, text: 'peak of the last hour' },
    { spanMs: 4 * MS_PER_HOUR, text: 'peak of the last 4 hours' },
    { spanMs: 24 * MS_PER_HOUR, text: 'peak of the last 24 hours' },
    { spanMs: 72 * MS_PER_HOUR, text: 'peak of the last 3 days' },
  ],
  /** What is added is the largest surprise of the last days, within these. */
  smallestMargin: 0.15,
  largestMargin: 0.21,
  /** Until this age the window of this number is used. */
  chooseAfterMs: MS_PER_DAY,
  firstWindow: 1,
  /** What one kill per day costs, in shares of unused memory. */
  killPrice: 1.3,
  billHalfLifeMs: 10 * MS_PER_DAY,
  stick: 0.005,
  chooseEveryMs: MS_PER_HOUR,
  killBill: 1.15,
  /** A peak at which it was killed counts as this much higher. */
  killPeak: 1.3,
  highPeak: 1.1,
  jump: 1.3,
  longestJump: 3,
  surpriseWindowMs: 24 * MS_PER_HOUR,
  surpriseMemoryMs: 7 * MS_PER_DAY,
  surpriseAfterMs: 6 * MS_PER_HOUR,
  daySlotMs: 5 * MS_PER_MINUTE,
  daysRemembered: 5,
  weekSlotMs: 10 * MS_PER_MINUTE,
  weeksRemembered: 3,
  slotRange: { aheadMs: 30 * MS_PER_MINUTE, backMs: 5 * MS_PER_MINUTE },
  slotMargin: 0.15,
  /** A rise as steep as the steepest of this long is provided for, this many times. */
  riseWindowMs: 2 * MS_PER_HOUR,
  risesAhead: 1,
  /** A sample beats the peak of two hours by so much: something has begun. */
  stepWindowMs: 2 * MS_PER_HOUR,
  stepShare: 0.1,
  stepMb: 4,
  /** With the CPU doing the same by this factor, a smaller step of memory is enough. */
  stepShareWithCpu: 0.01,
  stepCpuFactor: 1.5,
  stepCpuDelayMs: 5 * MS_PER_MINUTE,
  stepRoomMb: 96,
  stepMs: 30 * MS_PER_MINUTE,
  noShrinkMs: 2 * MS_PER_HOUR,
  holdMs: 10 * MS_PER_MINUTE,
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
