import type { ContainerConfigBody, Mode } from '@lxc-autoscale/core'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { ContainerName } from '../components/container-name.tsx'
import { DoDialog } from './do-dialog.tsx'
import { ReasonField, reasonOf } from './fields.tsx'
import { WithConfig } from './with-config.tsx'

const AS_CONFIGURED = ''
const CHOICES: readonly (readonly [value: Mode | typeof AS_CONFIGURED, word: string, meaning: string])[] = [
  [AS_CONFIGURED, 'As its tags and the configuration say', 'Nothing special for this container.'],
  ['auto', 'Size it', 'It grows and shrinks as it needs.'],
  ['grow_only', 'Only grow', 'It gets more when it needs it; nothing is taken back.'],
  ['recommend', 'Only say', 'It is said what would be done, and nothing is.'],
  ['off', 'Off', 'It is not looked at.'],
]

/** What the model does with a container. */
export function ModeDialog({ vmid }: { readonly vmid: number }) {
  return (
    <WithConfig vmid={vmid} title="What is done with">
      {config => <ModeForm vmid={vmid} config={config} />}
    </WithConfig>
  )
}

function ModeForm({ vmid, config }: { readonly vmid: number; readonly config: ContainerConfigBody }) {
  const [mode, setMode] = useState<string>(config.steering.mode ?? AS_CONFIGURED)
  const [reason, setReason] = useState('')
  const body = { lxc_id: vmid, mode: mode === AS_CONFIGURED ? null : mode, ...reasonOf(reason) }
  return (
    <DoDialog
      title={
        <>
          What is done with <ContainerName vmid={vmid} />
        </>
      }
      confirm="Set"
      act={async () => (await api.post('/mode', body)).message}
    >
      <fieldset>
        <legend>From the next decision on</legend>
        {CHOICES.map(([value, word, meaning]) => (
          <label class="choice" key={value}>
            <input type="radio" name="mode" value={value} checked={mode === value} onChange={() => setMode(value)} />
            {word}
            <small>{meaning}</small>
          </label>
        ))}
      </fieldset>
      <ReasonField value={reason} onChange={setReason} />
    </DoDialog>
  )
}
