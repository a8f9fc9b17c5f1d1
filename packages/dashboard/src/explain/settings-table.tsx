import type { ExplainBody } from '@lxc-autoscale/core'
import { Foreign } from '../components/text.tsx'

type Settings = ExplainBody['settings']

/** Settings in force, and where each comes from; what is as built in stands apart. */
export function SettingsTable({ settings }: { readonly settings: Settings }) {
  const [own, builtIn] = [
    settings.filter(({ from }) => from !== 'default'),
    settings.filter(({ from }) => from === 'default'),
  ]
  return (
    <section aria-labelledby="settings" class="card settings">
      <h2 id="settings">Settings in force</h2>
      {own.length === 0 ? <p>All are as built in.</p> : <Rows settings={own} label="Settings that are set" />}
      {builtIn.length > 0 && (
        <details>
          <summary>{builtIn.length} as built in</summary>
          <Rows settings={builtIn} label="Settings as built in" />
        </details>
      )}
    </section>
  )
}

function Rows({ settings, label }: { readonly settings: Settings; readonly label: string }) {
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {settings.map(({ key, value, from }) => (
          <tr key={key}>
            <th scope="row">
              <code>{key}</code>
            </th>
            <td>
              <Foreign text={valueText(value)} />
            </td>
            <td>
              <Foreign text={from} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'not set'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
