import type { WhatIfBody } from '@lxc-autoscale/core'
import { useId, useState } from 'preact/hooks'
import { WouldCharts } from '../charts/would-charts.tsx'
import { inForce, requestSettings, type Setting, settingsOf } from './settings.ts'
import { useWhatIf, type WhatIf } from './use-what-if.ts'
import { whatIfText } from './what-if-text.ts'

interface WhatIfPanelProps {
  readonly vmid: number
  /** In force for the container. */
  readonly settings: Parameters<typeof inForce>[0]
}

const HOURS = [[6, '6 h'], [24, '24 h'], [168, '7 d'], [720, '30 d']] as const // biome-ignore format: a table
const USUAL_HOURS = 24

/** What other settings would have done with the history of a container. Nothing of it is changed. */
export function WhatIfPanel({ vmid, settings }: WhatIfPanelProps) {
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map())
  const [hours, setHours] = useState(USUAL_HOURS)
  const run = useWhatIf()
  const values = new Map([['policy', 'adaptive'], ...inForce(settings), ...typed])
  const submit = (event: Event) => {
    event.preventDefault()
    run.start({ lxc_id: vmid, hours, settings: requestSettings(values) })
  }
  return (
    <section aria-labelledby="what-if" class="what-if">
      <h2 id="what-if">What would it do?</h2>
      <p class="hint">
        Plays settings against what this container needed. The form begins with what is in force; all other settings are
        as built in. Nothing is changed.
      </p>
      <form onSubmit={submit}>
        {settingsOf(values.get('policy') ?? '').map(setting => (
          <SettingField
            setting={setting}
            value={values.get(setting.key) ?? ''}
            onChange={value => setTyped(new Map(typed).set(setting.key, value))}
            key={setting.key}
          />
        ))}
        <div class="field">
          <label for="what-if-hours">How far back</label>
          <select
            id="what-if-hours"
            value={hours}
            onChange={({ currentTarget }) => setHours(Number(currentTarget.value))}
          >
            {HOURS.map(([count, text]) => (
              <option value={count} key={count}>
                {text}
              </option>
            ))}
          </select>
        </div>
        <RunButtons run={run} />
      </form>
      <Outcome body={run.body} problem={run.problem} isRunning={run.isRunning} />
    </section>
  )
}

function RunButtons({ run: { body, isRunning, cancel } }: { readonly run: WhatIf }) {
  return (
    <div class="form-end">
      <button type="submit" class="primary" disabled={isRunning}>
        Try
      </button>
      {isRunning && (
        <>
          <button type="button" onClick={cancel}>
            Cancel
          </button>
          <progress aria-label="Progress" max={1} {...(body === undefined ? {} : { value: body.progress })} />
        </>
      )}
    </div>
  )
}

interface SettingFieldProps {
  readonly setting: Setting
  readonly value: string
  readonly onChange: (value: string) => void
}

function SettingField({ setting: { key, label, unit, options }, value, onChange }: SettingFieldProps) {
  const id = useId()
  const changed = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    onChange(currentTarget.value)
  return (
    <div class="field">
      <label for={id} title={key}>
        {unit === undefined ? label : `${label}, ${unit}`}
      </label>
      {options === undefined ? (
        <input id={id} type="number" min={0} step="any" inputMode="decimal" value={value} onChange={changed} />
      ) : (
        <select id={id} value={value} onChange={changed}>
          {options.map(option => (
            <option value={option} key={option}>
              {option}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}

function Outcome({ body, problem, isRunning }: Pick<WhatIf, 'body' | 'problem' | 'isRunning'>) {
  const wrong = problem ?? (body?.state === 'failed' ? body.text : undefined)
  const result: WhatIfBody['result'] = body?.state === 'done' ? body.result : null
  return (
    <>
      <div role="status">
        {isRunning && <p class="hint">{body?.text ?? 'asking …'}</p>}
        {result !== null && (
          <ul class="sentences">
            {whatIfText(result).map(text => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
      </div>
      {wrong !== undefined && (
        <p role="alert" class="problem">
          {wrong}
        </p>
      )}
      {result !== null && <WouldCharts curves={result} />}
    </>
  )
}
