import type { PreviewedContainer, PreviewedResource, ShortMoment } from '@lxc-autoscale/core'
import { countText, lastingText, localTimeText, MS_PER_SECOND } from '@lxc-autoscale/core/browser'
import { coresText, memoryText } from '../format.ts'

export type Write = (amount: number | null) => string

/** How a resource came out, in a sentence. */
export function resourceText(name: string, resource: PreviewedResource, write: Write): string {
  const { used_mean: mean, used_peak: peak, had_mean: had, would_mean: would, is_sized: isSized } = resource
  const was = `${name}: it had ${write(had)} and used ${write(mean)} on average, ${write(peak)} at most`
  return isSized ? `${was}; it would have had ${write(would)}, ${shortText(resource)}.` : `${was}; it is not sized.`
}

/** `never too little`, `too little 3 times, for 5 min in all`. */
function shortText({ short, short_seconds: seconds }: Pick<PreviewedResource, 'short' | 'short_seconds'>): string {
  if (short.length === 0) return 'never too little'
  return `too little ${countText(short.length, 'time')}, for ${lastingText(seconds * MS_PER_SECOND)} in all`
}

export function changesText({ changes, kills }: Pick<PreviewedContainer, 'changes' | 'kills'>): string {
  const killed = kills === 0 ? '' : `, and been killed for want of memory ${countText(kills, 'time')}`
  return `It would have been changed ${countText(changes, 'time')}${killed}.`
}

/** When it would have had too little, and by how much. */
export function momentText({ since, until, seconds, used, would }: ShortMoment, write: Write): string {
  const [sinceMs, untilMs] = [Date.parse(since), Date.parse(until)]
  const lasting = lastingText(seconds * MS_PER_SECOND)
  const isExact = untilMs - sinceMs <= seconds * MS_PER_SECOND
  const when = isExact ? `for ${lasting}` : `to ${localTimeText(untilMs).slice(-5)}, ${lasting} of it at least`
  return `${localTimeText(sinceMs)} ${when}: used up to ${write(used)}, would have had ${write(would)}`
}

/** `1.5 cores (−25 %)`, `2 cores (0 %)`. */
export function freedText(
  { had_mean: had, would_mean: would, is_sized: isSized }: PreviewedResource,
  write: Write,
): string {
  if (!isSized) return 'not sized'
  if (had === null || would === null) return '–'
  const share = had === 0 ? 0 : Math.round((100 * (had - would)) / had)
  if (share === 0) return `${write(would)} (0 %)`
  return `${write(would)} (${share < 0 ? '+' : '−'}${Math.abs(share)} %)`
}

export const WRITERS = { cores: coresText, memory_mb: memoryText } as const
