import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'

/** Numbers of the CPU part of `adaptive`. `npm run policy -- evaluate` tells what each is worth, and what else was tried. */
export const CPU_PARAMETERS = {
  /** Two simple answers to "how much in the next minutes?": the peak of this long, */
  recentMs: 30 * MS_PER_MINUTE,
  /** and the peak of the last hour or what is usual at this time. */
  hourMs: MS_PER_HOUR,
  /** Each is lifted towards the peak of this long by one of these shares: what was needed the day before yesterday may come again. */
  longMs: 72 * MS_PER_HOUR,
  lifts: [0, 0.2, 1],
  /** and raised by one of these shares. */
  margins: [0, 0.03, 0.07, 0.15, 0.35],
  /** Share of the time in which the two answers alone are too small in a typical container (mean over public traces). */
  recentRisk: 0.02,
  hourRisk: 0.01,
  /** The risk falls as 1 / (1 + this x share) with the lift and with the margin (fitted to the same means). */
  liftRisk: 8,
  marginRisk: 11,
  /** For how many days of a container's own evidence the typical risks count. */
  typicalDays: 0.5,
  /** What is usual at this time: the peaks of half hours, what two of the last five days had within a quarter of an hour. */
  habits: { slotMs: 30 * MS_PER_MINUTE, days: 5, rangeMs: 15 * MS_PER_MINUTE },
  /** Bills fade, so that a container may change its ways. */
  billHalfLifeMs: 5 * MS_PER_DAY,
  /** A rival must be cheaper by this share of the cores, so that chance does not choose. */
  stick: 0.003,
  /** One change per hour costs as much as this share of unused cores. */
  changePrice: 0.01,
  chooseEveryMs: MS_PER_HOUR,
  /** While it runs short nobody knows what it wants: at least this times what it could use. */
  shortFactor: 1.1,
  /** Before this age the bills say nothing: the peak so far, and this share more. */
  youngMs: 3 * MS_PER_HOUR,
  youngMargin: 0.15,
  /** What was used in these last minutes must fit, whatever the sizers say. */
  soonMs: 5 * MS_PER_MINUTE,
  /** Throttled: this times what it has, or what it is known to need; throttled again, this times that, once more at the most. */
  jump: 1.5,
  jumpsInARow: 2,
  /** Looks that follow each other faster than this are one: pvestatd puts new cores into force every 10 s or later. */
  oneLookMs: 45 * MS_PER_SECOND,
  /** A container known for less than this gets one jump a look, and no more than so many times the most it is known to need. */
  strangerMs: MS_PER_HOUR,
  strangerFactor: 2,
  /**
   * So long after it was begun with from what Proxmox has kept, whose long steps cannot be billed, it has what is usual at this
   * time, and goes down only to the highest level that any sizer could want.
   */
  carefulMs: MS_PER_DAY,
  /** Down only to the most that was wanted in these last minutes. */
  holdMs: 6 * MS_PER_MINUTE,
  /** Changes that a day brings, and that can be saved up; with none left a change must bring (1 + pressure) times as much. */
  tokensPerDay: 16,
  tokensKept: 16,
  tokenPressure: 2,
}
export type CpuParameters = Readonly<typeof CPU_PARAMETERS>
