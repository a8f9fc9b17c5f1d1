import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { openDialog } from '../dialogs/open-dialog.ts'
import { mayChange } from '../session.ts'
import { entryText, isUndoable } from './change-steps.ts'

interface UndoButtonProps {
  readonly entry: HistoryEntryBody
  /** Done before it is asked. */
  readonly beforeUndo?: () => void
}

/** Takes a change back, after it has been asked. Not there where nothing can be taken back, or by who may not. */
export function UndoButton({ entry, beforeUndo }: UndoButtonProps) {
  if (!mayChange.value || !isUndoable(entry)) return null
  const { lxc_id: vmid, id: changeId } = entry
  return (
    <button
      type="button"
      class="undo"
      aria-label={`Undo: ${entryText(entry)}`}
      onClick={() => {
        beforeUndo?.()
        openDialog({ what: 'undo', vmid, changeId })
      }}
    >
      Undo
    </button>
  )
}
