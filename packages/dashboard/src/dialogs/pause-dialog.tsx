import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { ContainerName } from '../components/container-name.tsx'
import { untilText } from '../format.ts'
import { hostNowMs } from '../live.ts'
import { DoDialog } from './do-dialog.tsx'
import { endOf, FOR_GOOD, LengthField, ReasonField, reasonOf } from './fields.tsx'

/** Who is meant: one container, or all of them. */
type Whom = { readonly vmid: number } | { readonly vmid?: undefined }

const whomOf = ({ vmid }: Whom) => (vmid === undefined ? { all: true } : { lxc_id: vmid })

function Whom({ vmid }: Whom) {
  return vmid === undefined ? 'all containers' : <ContainerName vmid={vmid} />
}

/** Leaves it alone, for a time or for good. */
export function PauseDialog(whom: Whom) {
  const [length, setLength] = useState('28800')
  const [reason, setReason] = useState('')
  const body = { ...whomOf(whom), ...(length === FOR_GOOD ? {} : { seconds: Number(length) }), ...reasonOf(reason) }
  const until = untilText(endOf(length, hostNowMs()), hostNowMs())
  const it = whom.vmid === undefined ? 'All containers, also new ones, keep what they have' : 'It keeps what it has'
  return (
    <DoDialog
      title={
        <>
          Leave <Whom {...whom} /> alone
        </>
      }
      confirm="Leave alone"
      act={async () => (await api.post('/pause', body)).message}
    >
      <LengthField label="For how long" value={length} onChange={setLength} withForGood />
      <ReasonField value={reason} onChange={setReason} />
      <div class="preview">
        <h3>What will happen</h3>
        <p>
          {it} {until}, whatever the load: nothing is given and nothing is taken. It is measured on.
        </p>
      </div>
    </DoDialog>
  )
}

/** Ends that. */
export function ResumeDialog(whom: Whom) {
  return (
    <DoDialog
      title={
        <>
          Look after <Whom {...whom} /> again
        </>
      }
      confirm="Resume"
      act={async () => (await api.post('/resume', whomOf(whom))).message}
    >
      <p>From the next decision on it is sized again, within the limits that are set for it.</p>
    </DoDialog>
  )
}
