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

/** Takes one change back. */
export function UndoDialog({ vmid, changeId }: UndoDialogProps) {
  const [reason, setReason] = useState('')
  const [isWithLater, setWithLater] = useState(false)
  const path = `/history/${encodeURIComponent(changeId)}/undo`
  const body = { with_later: isWithLater }
  const preview = usePreview(path, body)
  return (
    <DoDialog
      title={
        <>
          Undo a change of <ContainerName vmid={vmid} />
        </>
      }
      confirm="Undo"
      isReady={preview.state === 'would'}
      act={async () => changeText((await api.post(path, { ...body, ...reasonOf(reason) })).message)}
    >
      <label class="choice">
        <input
          type="checkbox"
          checked={isWithLater}
          onChange={({ currentTarget }) => setWithLater(currentTarget.checked)}
        />
        With all that came after it
        <small>Needed where the same was changed again since.</small>
      </label>
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
