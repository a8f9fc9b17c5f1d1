import { MS_PER_DAY, MS_PER_HOUR } from '@lxc-autoscale/core'

/** Numbers of the memory part of `adaptive`. `npm run policy -- evaluate` tells what each is worth, and what else was tried. */
export const MEMORY_PARAMETERS = {
  /**
   * What the key `memory_safety` stands for: for how long a peak is provided for (two weeks, so that a weekly job has two chances),
   * and which share of the largest leap of that time is added to it.
   */
  safety: {
    thrifty: { rememberMs: 8 * MS_PER_DAY, leapShare: 0.25 },
    balanced: { rememberMs: 14 * MS_PER_DAY, leapShare: 0.25 },
    safe: { rememberMs: 14 * MS_PER_DAY, leapShare: 0.5 },
  },
  /** Even what never leaps gets this share more than its peak. */
  smallestMargin: 0.05,
  /** A leap is by how much the peak of an hour beats that of the hour before. */
  leapMs: MS_PER_HOUR,
  /** What grows has room for one more rise as steep as the steepest of this long. */
  riseMs: 2 * MS_PER_HOUR,
  /** A kill says that it needed more than it had, not how much: it counts as this much more, and the limit grows by this share at once, */
  killFactor: 1.3,
  /** more for each kill in a row, so many times at the most. */
  killsInARow: 3,
  /** What it was killed for is provided for so long: a job of once a month must not be killed each time. */
  rememberKillMs: 35 * MS_PER_DAY,
  /** Down only to the most that was wanted in these last hours: where it rose steeply it may rise again. */
  holdMs: 4 * MS_PER_HOUR,
}
export type MemoryParameters = Readonly<typeof MEMORY_PARAMETERS>
