import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { ContainerName } from '../components/container-name.tsx'
import { changeText } from '../format.ts'
import { DoDialog } from './do-dialog.tsx'
import { ReasonField, reasonOf } from './fields.tsx'
import { PreviewBox } from './preview-box.tsx'
import { usePreview } from './use-preview.ts'

interface UndoDialogProps {
  readonly vmid: number
  readonly changeId: string
}

/** What is asked for stands in the path. */
const NOTHING_MORE = {}

/** Takes one change back. */
export function UndoDialog({ vmid, changeId }: UndoDialogProps) {
  const [reason, setReason] = useState('')
  const path = `/history/${encodeURIComponent(changeId)}/undo`
  const preview = usePreview(path, NOTHING_MORE)
  return (
    <DoDialog
      title={
        <>
          Undo a change of <ContainerName vmid={vmid} />
        </>
      }
      confirm="Undo"
      isReady={preview.state === 'would'}
      act={async () => changeText((await api.post(path, reasonOf(reason))).message)}
    >
      <PreviewBox preview={preview}>
        <p>{preview.state === 'would' && changeText(preview.answer.message)}</p>
        <p class="hint">A person's change counts: the autoscaler leaves the container alone for a while afterwards.</p>
      </PreviewBox>
      <ReasonField value={reason} onChange={setReason} />
    </DoDialog>
  )
}

/** Gives back what a boost gave, now. */
export function EndBoostDialog({ vmid }: { readonly vmid: number }) {
  return (
    <DoDialog
      title={
        <>
          End the boost of <ContainerName vmid={vmid} />
        </>
      }
      confirm="Give back now"
      act={async () => changeText((await api.post('/boost/end', { lxc_id: vmid })).message)}
    >
      <p>It gets back what it had before the boost, as far as the safety rules allow.</p>
    </DoDialog>
  )
}
