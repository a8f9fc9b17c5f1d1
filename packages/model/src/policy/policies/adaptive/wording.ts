import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from '@lxc-autoscale/core'

/** What a peak is the peak of, in words: `14 days`, or for what is not known so long `the 5 hours that it is known`. */
export function spanText(spanMs: number, knownMs: number): string {
  return knownMs >= spanMs ? lengthText(spanMs) : `the ${lengthText(knownMs)} that it is known`
}

/** As `spanText`, of what has just been: `the last 4 hours`. */
export function lastText(spanMs: number, knownMs: number): string {
  return knownMs >= spanMs ? `the last ${lengthText(spanMs)}` : spanText(spanMs, knownMs)
}

/** Why what is wanted is not done: it differs by less than the least change. */
export function smallText(wanted: string, leastShare: number): string {
  return `wants ${wanted}, within ${Math.ceil(100 * leastShare - 1e-6)} % of what it has`
}

/** `90 min`, `30 hours`, `14 days` */
export function lengthText(lengthMs: number): string {
  if (lengthMs < 2 * MS_PER_HOUR) return `${Math.max(1, Math.round(lengthMs / MS_PER_MINUTE))} min`
  if (lengthMs < 2 * MS_PER_DAY) return `${Math.round(lengthMs / MS_PER_HOUR)} hours`
  return `${Math.round(lengthMs / MS_PER_DAY)} days`
}

export function percent(share: number): number {
  return Math.round(100 * share)
}
