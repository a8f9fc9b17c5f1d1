import { MAX_VMID, MIN_VMID } from '../vmid.ts'
import type { HistoryEntryBody } from './scaling-api.ts'

/** The number under which there is another container since `entry`, or none; undefined when it is not of that kind. */
export function anotherSince({ action, outcome, lxc_id: vmid, asked }: HistoryEntryBody): number | undefined {
  if (action === 'clone-delete') return outcome === 'applied' ? vmid : undefined
  if (action !== 'clone-create' || outcome === 'refused' || outcome === 'unchanged') return undefined
  const made = Number(asked['new_lxc_id'])
  return made >= MIN_VMID && made <= MAX_VMID ? made : undefined
}
