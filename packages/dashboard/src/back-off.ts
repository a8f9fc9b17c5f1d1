import { MS_PER_SECOND } from '@lxc-autoscale/core/browser'

const LONGEST_MS = 20 * MS_PER_SECOND

/**
 * How long to wait before the next try: twice as long each time, and not all pages at the same moment after a restart of the API.
 * @param random from 0 to 1
 */
export function backOffMs(failures: number, random: number): number {
  const fullMs = Math.min(LONGEST_MS, MS_PER_SECOND * 2 ** failures)
  return fullMs / 2 + (fullMs / 2) * random
}
