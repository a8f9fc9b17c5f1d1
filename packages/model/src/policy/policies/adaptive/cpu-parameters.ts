import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from '@lxc-autoscale/core'

/** A share (0-1) by which a level is raised, and by how much that lowers the risk of its being too small. */
interface Lift {
  readonly share: number
  readonly risk: number
}

/**
 * Numbers of the CPU part of `adaptive`. The risks are means over the public traces of docs/sizing.md (rounded), and the
 * others were tuned on these.
 */
export const CPU_PARAMETERS = {
  /** What a sizer starts from, and the share of the time in which that alone is too small in a typical container. */
  bases: [
    { text: 'peak of the last hour or what this time of day or week had twice', risk: 0.009 },
    { text: '98th percentile of the last days', risk: 0.012 },
  ],
  /** How far a level is lifted towards the peak of the last 72 hours. */
  lifts: [
    { share: 0, risk: 1 },
    { share: 0.1, risk: 0.65 },
    { share: 0.5, risk: 0.2 },
  ] satisfies readonly Lift[],
  margins: [
    { share: 0, risk: 1 },
    { share: 0.03, risk: 0.77 },
    { share: 0.07, risk: 0.58 },
    { share: 0.12, risk: 0.45 },
    { share: 0.25, risk: 0.27 },
    { share: 0.5, risk: 0.15 },
  ] satisfies readonly Lift[],
  /** For how many days of a container's own evidence the typical risks count. */
  typicalDays: 0.5,
  percentile: 0.98,
  percentileHalfLifeMs: 24 * MS_PER_HOUR,
  percentileEveryMs: 15 * MS_PER_MINUTE,
  longPeakMs: 72 * MS_PER_HOUR,
  daySlotMs: 5 * MS_PER_MINUTE,
  daysRemembered: 5,
  weekSlotMs: 10 * MS_PER_MINUTE,
  weeksRemembered: 3,
  /** A job is load that comes all at once and lasts 25 minutes (40 for one seen once a week). */
  jobRise: 2.5,
  dayJobSlots: 5,
  weekJobSlots: 4,
  jobMargin: 0.1,
  slotRange: { aheadMs: 15 * MS_PER_MINUTE, backMs: 20 * MS_PER_MINUTE },
  billHalfLifeMs: 5 * MS_PER_DAY,
  /** A rival must be cheaper by this much (1 = all of the cores unused). */
  stick: 0.003,
  /** One change per hour costs as much as this share of unused cores. */
  changePrice: 0.01,
  chooseEveryMs: MS_PER_HOUR,
  /** A sample that ran short counts as at least this much more than it could use. */
  shortBill: 1.1,
  shortSlot: { factor: 1, plusCores: 0.05 },
  shortPeak: { factor: 1.3, plusCores: 0.1 },
  /** Before this age the bills say nothing: peak of two hours and this margin. */
  youngMs: 3 * MS_PER_HOUR,
  youngWindowMs: 2 * MS_PER_HOUR,
  youngMargin: 0.15,
  /** Short samples that follow each other faster than this count once. */
  countShortEveryMs: 45_000,
  /** So long nothing is taken away from a container that has just become known. */
  noShrinkMs: 2 * MS_PER_HOUR,
  shortWindowMs: 10 * MS_PER_MINUTE,
  shortMargin: 0.05,
  knownWindowMs: 168 * MS_PER_HOUR,
  knownMargin: 0.02,
  jump: 1.5,
  longestJump: 4,
  holdMs: 6 * MS_PER_MINUTE,
  deadBand: 0.03,
  deadBandLimit: 0.6,
  tightFit: 0.02,
  smallRise: 0.04,
  tokenPressure: 2,
  tokensPerDay: 16,
  tokensKept: 25,
  abnormalMargin: 0.15,
} as const
