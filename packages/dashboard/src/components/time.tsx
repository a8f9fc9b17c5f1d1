import { localTimeText } from '@lxc-autoscale/core/browser'
import { relativeText } from '../format.ts'
import { nowMs } from '../live.ts'

/** A time relative to the clock of the host, with the local time beside it when pointed at. */
export function Time({ iso }: { readonly iso: string }) {
  const timeMs = Date.parse(iso)
  return (
    <time dateTime={iso} title={localTimeText(timeMs)}>
      {relativeText(timeMs, nowMs.value)}
    </time>
  )
}
