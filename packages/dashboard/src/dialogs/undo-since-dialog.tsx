import type { UndoManyBody } from '@lxc-autoscale/core'
import { MS_PER_SECOND, visibleText } from '@lxc-autoscale/core/browser'
import { useMemo, useState } from 'preact/hooks'
import { api } from '../api.ts'
import { ContainerName } from '../components/container-name.tsx'
import { Foreign } from '../components/text.tsx'
import { changeText } from '../format.ts'
import { hostNowMs } from '../live.ts'
import { DoDialog } from './do-dialog.tsx'
import { ReasonField, reasonOf } from './fields.tsx'
import { PreviewBox } from './preview-box.tsx'
import { usePreview } from './use-preview.ts'

const INSTALL = 'install'
const HOUR_SECONDS = 3_600
const SINCE: readonly (readonly [value: string, words: string])[] = [
  [String(HOUR_SECONDS / 4), 'of the last 15 minutes'],
  [String(HOUR_SECONDS), 'of the last hour'],
  [String(2 * HOUR_SECONDS), 'of the last 2 hours'],
  [String(8 * HOUR_SECONDS), 'of the last 8 hours'],
  [String(24 * HOUR_SECONDS), 'of the last day'],
  [String(168 * HOUR_SECONDS), 'of the last 7 days'],
  [INSTALL, 'of the autoscaler since it was installed'],
]

/** Takes everything since a moment back, of all containers or of one. */
export function UndoSinceDialog({ vmid }: { readonly vmid?: number | undefined }) {
  const [since, setSince] = useState(String(HOUR_SECONDS))
  const [reason, setReason] = useState('')
  const body = useMemo(() => {
    const one = vmid === undefined ? {} : { lxc_id: vmid }
    if (since === INSTALL) return { ...one, all_to_install: true }
    return { ...one, since: new Date(hostNowMs() - Number(since) * MS_PER_SECOND).toISOString() }
  }, [since, vmid])
  const preview = usePreview<UndoManyBody>('/undo', body)
  const plan = preview.state === 'would' ? preview.answer.data : undefined
  const possible = plan?.containers.filter(({ outcome }) => outcome !== 'failed' && outcome !== 'unchanged').length ?? 0
  return (
    <DoDialog
      title={
        vmid === undefined ? (
          'Undo everything since a moment'
        ) : (
          <>
            Undo everything of <ContainerName vmid={vmid} /> since a moment
          </>
        )
      }
      confirm={possible === 0 ? 'Undo' : `Undo in ${possible} ${possible === 1 ? 'container' : 'containers'}`}
      isReady={possible > 0}
      act={async () => visibleText((await api.post('/undo', { ...body, ...reasonOf(reason) })).message)}
    >
      <div class="field">
        <label for="since">Undo all changes</label>
        <select id="since" value={since} onChange={event => setSince(event.currentTarget.value)}>
          {SINCE.map(([value, words]) => (
            <option value={value} key={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      <PreviewBox preview={preview}>{plan !== undefined && <Plan plan={plan} />}</PreviewBox>
      <ReasonField value={reason} onChange={setReason} />
    </DoDialog>
  )
}

function Plan({ plan: { containers, others } }: { readonly plan: UndoManyBody }) {
  if (containers.length === 0) return <p>Nothing was changed in that time.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="plan" tabIndex={0} aria-label="Plan">
      <table>
        <thead>
          <tr>
            <th scope="col">Container</th>
            <th scope="col">What will happen</th>
          </tr>
        </thead>
        <tbody>
          {containers.map(({ lxc_id: vmid, name, message }) => (
            <tr key={vmid}>
              <th scope="row">
                {vmid} {name !== null && <Foreign text={name} />}
              </th>
              <td>{changeText(message)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {others.length > 0 && <p class="hint">{others.length} changes of other kinds in that time stay as they are.</p>}
    </section>
  )
}
