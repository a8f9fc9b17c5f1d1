import type { ChangeOutcome } from './scaling-api.ts'

/** Whether a change with this end may have moved something. */
export function isBegun(outcome: ChangeOutcome): boolean {
  return outcome === 'applied' || outcome === 'failed' || outcome === 'unknown'
}
