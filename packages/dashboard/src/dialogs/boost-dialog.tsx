import type { ContainerConfigBody } from '@lxc-autoscale/core'
import { givenCores, MB_PER_GB } from '@lxc-autoscale/core/browser'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { ContainerName } from '../components/container-name.tsx'
import { changeText, untilText } from '../format.ts'
import { hostNowMs } from '../live.ts'
import { DoDialog } from './do-dialog.tsx'
import { endOf, LengthField, ReasonField, reasonOf } from './fields.tsx'
import { PreviewBox } from './preview-box.tsx'
import { usePreview } from './use-preview.ts'
import { WithConfig } from './with-config.tsx'

/** More for a stated time. */
export function BoostDialog({ vmid }: { readonly vmid: number }) {
  return (
    <WithConfig vmid={vmid} title="Boost">
      {config => <BoostForm vmid={vmid} config={config} />}
    </WithConfig>
  )
}

function BoostForm({ vmid, config }: { readonly vmid: number; readonly config: ContainerConfigBody }) {
  const hadCores = givenCores(config) ?? null
  const hadGb = config.memory_mb === null ? null : config.memory_mb / MB_PER_GB
  const [cores, setCores] = useState(hadCores)
  const [memoryGb, setMemoryGb] = useState(hadGb)
  const [seconds, setSeconds] = useState('7200')
  const [reason, setReason] = useState('')
  const asked = {
    ...(cores === null || cores === hadCores ? {} : { cores }),
    ...(memoryGb === null || memoryGb === hadGb ? {} : { memory: Math.round(memoryGb * MB_PER_GB) }),
  }
  const isAny = Object.keys(asked).length > 0
  const body = { lxc_id: vmid, ...asked, seconds: Number(seconds) }
  const preview = usePreview('/boost', isAny ? body : undefined)
  return (
    <DoDialog
      title={
        <>
          Boost <ContainerName vmid={vmid} />
        </>
      }
      confirm="Boost"
      isReady={preview.state === 'would'}
      act={async () => changeText((await api.post('/boost', { ...body, ...reasonOf(reason) })).message)}
    >
      <p class="hint">
        More for a stated time. It is given back by itself, also after a restart, and meanwhile the autoscaler takes
        nothing away.
      </p>
      {hadCores === null ? (
        <p>Its cores have no limit.</p>
      ) : (
        <Amount
          id="cores"
          label="Cores"
          had={hadCores}
          step={config.cpulimit === null ? 1 : 0.1}
          value={cores}
          onChange={setCores}
        />
      )}
      {hadGb !== null && (
        <Amount id="memory" label="Memory, GiB" had={hadGb} step={0.25} value={memoryGb} onChange={setMemoryGb} />
      )}
      <LengthField label="For how long" value={seconds} onChange={setSeconds} />
      <ReasonField value={reason} onChange={setReason} />
      {isAny ? (
        <PreviewBox preview={preview}>
          <p>
            {preview.state === 'would' && changeText(preview.answer.message)}{' '}
            {untilText(endOf(seconds, hostNowMs()), hostNowMs())}; then it gets back what it has now.
          </p>
        </PreviewBox>
      ) : (
        <p class="hint">Name more cores or more memory than it has.</p>
      )}
    </DoDialog>
  )
}

interface AmountProps {
  readonly id: string
  readonly label: string
  readonly had: number
  readonly step: number
  readonly value: number | null
  readonly onChange: (value: number | null) => void
}

function Amount({ id, label, had, step, value, onChange }: AmountProps) {
  const shown = Number(had.toFixed(2))
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-row">
        <input
          id={id}
          type="number"
          inputMode="decimal"
          min={shown}
          step="any"
          value={value === null ? '' : Number(value.toFixed(2))}
          onInput={({ currentTarget: { value: text } }) => onChange(text === '' ? null : Number(text))}
        />
        <span class="hint">has {shown}</span>
        {[1.5, 2].map(factor => (
          <button
            type="button"
            key={factor}
            onClick={() => onChange(Math.ceil((had * factor) / step) * step)}
            aria-label={`${label}: ${factor} times`}
          >
            × {factor}
          </button>
        ))}
      </div>
    </div>
  )
}
