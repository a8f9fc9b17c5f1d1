import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '../units.ts'
import type { ContainerStatus } from './model-status.ts'

/** What the model knows of a container, in words: `knows 30 days from Proxmox, 2 h of its own`. */
export function knownText({
  from_proxmox_seconds: past,
  own_seconds: own,
}: Omit<ContainerStatus['known'], 'is_past_awaited'>): string {
  const ownText = `${spanText(own * MS_PER_SECOND)} of its own`
  return past === null ? `knows ${ownText}` : `knows ${spanText(past * MS_PER_SECOND)} from Proxmox, ${ownText}`
}

function spanText(spanMs: number): string {
  if (spanMs >= 2 * MS_PER_DAY) return `${Math.round(spanMs / MS_PER_DAY)} days`
  if (spanMs >= 2 * MS_PER_HOUR) return `${Math.round(spanMs / MS_PER_HOUR)} h`
  return `${Math.round(spanMs / MS_PER_MINUTE)} min`
}
