import type { PreviewBody, PreviewTotals } from '@lxc-autoscale/core'
import { countText, lastingText, localTimeText, MS_PER_SECOND } from '@lxc-autoscale/core/browser'
import { Foreign } from '../components/text.tsx'
import { coresText, memoryText } from '../format.ts'
import { PreviewSection } from './preview-section.tsx'
import { PreviewTable } from './preview-table.tsx'
import type { Write } from './preview-text.ts'

/** The whole of a preview: what all came to, all containers in a table, and each with its curves. */
export function PreviewPage({ body }: { readonly body: PreviewBody }) {
  const { node, days, made_at: madeAt, containers, left_out: leftOut } = body
  return (
    <>
      <header class="preview-head">
        <h1>
          What LXC AutoScale ML would have done on <Foreign text={node} />
        </h1>
        <p>
          The last {days === 1 ? 'day' : `${days} days`}, as of {localTimeText(Date.parse(madeAt))}. Nothing was
          changed.
        </p>
      </header>
      <Totals body={body} />
      <Notes body={body} />
      {containers.length === 0 ? <p>No container can be told of.</p> : <PreviewTable containers={containers} />}
      {leftOut.length > 0 && (
        <section aria-label="Left out">
          <h2>Left out</h2>
          <ul class="sentences">
            {leftOut.map(({ lxc_id: vmid, name, reason }) => (
              <li key={vmid}>
                {vmid} <Foreign text={`${name}: ${reason}`} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {containers.map(container => (
        <PreviewSection container={container} key={container.lxc_id} />
      ))}
    </>
  )
}

function Totals({ body: { totals, days, containers } }: { readonly body: PreviewBody }) {
  return (
    <section class="preview-totals" aria-label={`All ${countText(containers.length, 'container')}`}>
      <TotalCard
        name="Cores"
        total={totals.cores}
        write={coresText}
        hours={hours => `${Math.round(hours)} core-hours`}
      />
      <TotalCard
        name="Memory"
        total={totals.memory_mb}
        write={memoryText}
        hours={hours => `${Math.round(hours / 1_024)} GiB-hours`}
      />
      <div class="card">
        <h2>Changes</h2>
        <p class="lead">{totals.changes}</p>
        <p class="hint">
          {(totals.changes / days).toFixed(1)} a day; {countText(totals.kills, 'kill')}
        </p>
      </div>
    </section>
  )
}

interface TotalCardProps {
  readonly name: string
  readonly total: PreviewTotals['cores']
  readonly write: Write
  readonly hours: (amount: number) => string
}

function TotalCard({ name, total, write, hours }: TotalCardProps) {
  const { had_mean: had, would_mean: would, used_mean: used, freed_hours: freed } = total
  const { short_times: times, short_seconds: seconds } = total
  const short =
    times === 0
      ? 'never too little'
      : `too little ${countText(times, 'time')}, ${lastingText(seconds * MS_PER_SECOND)} in all`
  return (
    <div class="card">
      <h2>{name}, on average</h2>
      <p class="lead">
        {write(would)} <small>instead of</small> {write(had)}
      </p>
      <p class="hint">
        used {write(used)}; {hours(Math.abs(freed))} {freed < 0 ? 'more' : 'freed'}; {short}
      </p>
    </div>
  )
}

function Notes({ body: { notes, settings, settings_file: file } }: { readonly body: PreviewBody }) {
  const others = Object.entries(settings).map(([key, value]) => `${key}: ${value}`)
  return (
    <details class="card" open>
      <summary>What this is made of</summary>
      <ul class="sentences">
        <li>
          Settings: <Foreign text={file === null ? 'as built in' : `those of ${file}`} />
          {others.length > 0 && <Foreign text={` (${others.join(', ')})`} />}.
        </li>
        {notes.map(note => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  )
}
