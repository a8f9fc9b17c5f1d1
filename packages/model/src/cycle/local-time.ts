import { MS_PER_MINUTE } from '@lxc-autoscale/core'

/** Zones shift by multiples of a quarter of an hour, at a quarter of an hour. */
const BLOCK_MS = 15 * MS_PER_MINUTE

let cachedBlock = Number.NaN
let cachedOffsetMs = 0

/** `timeMs` plus the host's offset from UTC at that moment, so that hours and weekdays can be taken from it by division. */
export function localTimeMs(timeMs: number): number {
  const block = Math.floor(timeMs / BLOCK_MS)
  if (block !== cachedBlock) {
    cachedBlock = block
    cachedOffsetMs = -new Date(timeMs).getTimezoneOffset() * MS_PER_MINUTE
  }
  return timeMs + cachedOffsetMs
}
