import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { mayChange } from '../session.ts'
import { isUndoable } from './change-text.ts'

/** Takes a change back, after it has been asked. Not there where nothing can be taken back, or by who may not. */
export function UndoButton({ entry }: { readonly entry: HistoryEntryBody }) {
  if (!mayChange.value || !isUndoable(entry)) return null
  return <button type="button">Undo</button>
}
