import type { HistoryEntryBody } from './scaling-api.ts'

/** The Idempotency-Key of a change of `vmid` by the model, of which a process makes no second at `timeMs`. */
export function changeKey(runName: string, vmid: number, timeMs: number): string {
  return `${runName}-${vmid}-${Math.round(timeMs)}`
}

/** The name of a process in the keys of its changes is eight random bytes. */
const CHANGE_KEY = /^[0-9a-f]{16}-\d+-\d+$/

/** Whether the model decided this change, in whichever of its processes. What is taken back was decided by somebody else. */
export function isDecidedByModel({
  action,
  undo_of: undoOf,
  idempotency_key: key,
}: Pick<HistoryEntryBody, 'action' | 'undo_of' | 'idempotency_key'>): boolean {
  return action === 'scale' && undoOf === null && key !== null && CHANGE_KEY.test(key)
}
