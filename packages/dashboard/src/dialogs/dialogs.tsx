import { BoostDialog } from './boost-dialog.tsx'
import { ModeDialog } from './mode-dialog.tsx'
import { doing } from './open-dialog.ts'
import { PauseDialog, ResumeDialog } from './pause-dialog.tsx'
import { EndBoostDialog, UndoDialog } from './undo-dialog.tsx'
import { UndoSinceDialog } from './undo-since-dialog.tsx'

/** The dialog that is open. */
export function Dialogs() {
  const now = doing.value
  switch (now?.what) {
    case undefined:
      return null
    case 'boost':
      return <BoostDialog vmid={now.vmid} />
    case 'end-boost':
      return <EndBoostDialog vmid={now.vmid} />
    case 'pause':
      return <PauseDialog vmid={now.vmid} />
    case 'pause-all':
      return <PauseDialog />
    case 'resume':
      return <ResumeDialog vmid={now.vmid} />
    case 'resume-all':
      return <ResumeDialog />
    case 'mode':
      return <ModeDialog vmid={now.vmid} />
    case 'undo':
      return <UndoDialog vmid={now.vmid} changeId={now.changeId} />
    case 'undo-since':
      return <UndoSinceDialog vmid={now.vmid} />
  }
}
