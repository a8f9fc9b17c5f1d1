import { MAX_VMID, MIN_VMID } from '../vmid.ts'
import { isBegun } from './begun.ts'
import type { HistoryEntryBody } from './scaling-api.ts'
import { AllocationBody } from './wire-values.ts'

/** Whether `entry` set the allocation of its container, or may have. */
export function mayHaveMoved({ action, outcome, before, after }: HistoryEntryBody): boolean {
  if ((action !== 'scale' && action !== 'snapshot-rollback') || !isBegun(outcome)) return false
  const [had, has] = [AllocationBody.safeParse(before).data, AllocationBody.safeParse(after).data]
  return had === undefined || has === undefined || JSON.stringify(had) !== JSON.stringify(has)
}

/** The number under which there is another container since `entry`, or none; undefined when it is not of that kind. */
export function anotherSince({ action, outcome, lxc_id: vmid, asked }: HistoryEntryBody): number | undefined {
  if (action === 'clone-delete') return outcome === 'applied' ? vmid : undefined
  if (action !== 'clone-create' || !isBegun(outcome)) return undefined
  const made = Number(asked['new_lxc_id'])
  return made >= MIN_VMID && made <= MAX_VMID ? made : undefined
}
