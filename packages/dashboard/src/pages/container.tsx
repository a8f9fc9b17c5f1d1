import type { ExplainBody, OverviewRow } from '@lxc-autoscale/core'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Measured } from '../charts/measured.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { State } from '../components/state.tsx'
import { Foreign } from '../components/text.tsx'
import { Time } from '../components/time.tsx'
import { Decision } from '../explain/decision.tsx'
import { SettingsTable } from '../explain/settings-table.tsx'
import { useExplain } from '../explain/use-explain.ts'
import { changeText, coresNumber, coresText, memoryText, untilText } from '../format.ts'
import { ChangesView } from '../history/changes-view.tsx'
import { connection, nowMs, rows } from '../live.ts'
import { containerActions } from '../overview/row-actions.ts'
import { WhatIfPanel } from '../replay/what-if-panel.tsx'
import { mayChange } from '../session.ts'

/** All of one container: what it uses and has, why, what was made of it, and what else could be. */
export function ContainerPage({ vmid }: { readonly vmid: number }) {
  const row = rows.value.get(vmid)
  const isMissing = row === undefined && connection.value.state === 'live'
  const explained = useExplain(vmid)
  return (
    <>
      <Head vmid={vmid} row={row} explained={typeof explained === 'object' ? explained : undefined} />
      {isMissing && (
        <p class="problem">This host has no container {vmid} now. What follows is of one that it had, if any.</p>
      )}
      <Measured vmid={vmid} />
      <div class="explained">
        {typeof explained === 'string' && <p class="hint">{explained}</p>}
        {typeof explained === 'object' && (
          <>
            <Decision explained={explained} />
            <SettingsTable settings={explained.settings} />
          </>
        )}
      </div>
      {mayChange.value && (
        <WhatIfPanel vmid={vmid} settings={typeof explained === 'object' ? explained.settings : []} />
      )}
      <History vmid={vmid} />
    </>
  )
}

interface HeadProps {
  readonly vmid: number
  readonly row: OverviewRow | undefined
  readonly explained: ExplainBody | undefined
}

function Head({ vmid, row, explained }: HeadProps) {
  const name = row?.name ?? explained?.name ?? null
  return (
    <div class="container-head">
      <div class="container-name">
        <PageHeading title={name ?? `Container ${vmid}`}>
          {name === null ? `Container ${vmid}` : <Foreign text={name} />} {name !== null && <small>{vmid}</small>}
        </PageHeading>
        {row !== undefined && <State state={row.state} />}
        {row !== undefined && mayChange.value && <Actions row={row} />}
      </div>
      {row !== undefined && (
        <>
          <p>
            <Foreign text={changeText(row.state_text)} />
          </p>
          <Facts row={row} mode={row.mode ?? explained?.mode ?? null} />
        </>
      )}
    </div>
  )
}

function Facts({ row, mode }: { readonly row: OverviewRow; readonly mode: string | null }) {
  const { status, tags, tier, paused_until: pause, boost, last_change: change } = row
  return (
    <dl class="facts">
      <Fact name="CPU">
        {row.cores_given === null
          ? `${coresText(row.cores_used)}, no limit`
          : `${coresNumber(row.cores_used)} of ${coresText(row.cores_given)}`}
      </Fact>
      <Fact name="Memory">
        {memoryText(row.memory_used_mb)} of{' '}
        {row.memory_given_mb === null ? 'no limit' : memoryText(row.memory_given_mb)}
      </Fact>
      <Fact name="Cannot give up">{memoryText(row.memory_floor_mb)}</Fact>
      {status !== 'running' && <Fact name="Status">{status}</Fact>}
      {mode !== null && <Fact name="Mode">{mode.replace('_', ' ')}</Fact>}
      {tier !== null && (
        <Fact name="Tier">
          <Foreign text={tier} />
        </Fact>
      )}
      {tags.length > 0 && (
        <Fact name="Tags">
          <Foreign text={tags.join(', ')} />
        </Fact>
      )}
      {pause !== null && <Fact name="Left alone">{untilText(pause, nowMs.value)}</Fact>}
      {boost !== null && <Fact name="Boosted">{untilText(boost.until, nowMs.value)}</Fact>}
      {change !== null && (
        <Fact name="Last change">
          <Foreign text={changeText(change.text)} />, <Time iso={change.time} /> by <Foreign text={change.who} />
        </Fact>
      )}
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Actions({ row }: { readonly row: OverviewRow }) {
  return (
    <div class="actions">
      {containerActions(row).map(({ words, act }) => (
        <button type="button" onClick={act} key={words}>
          {words}
        </button>
      ))}
    </div>
  )
}

function History({ vmid }: { readonly vmid: number }) {
  const [page, setPage] = useState(0)
  const filters = { vmid, who: undefined, direction: undefined, outcome: undefined, page }
  return (
    <section aria-labelledby="history">
      <div class="section-head">
        <h2 id="history">History</h2>
        <a href={`/changes?container=${vmid}`}>With filters</a>
      </div>
      <ChangesView label={`Changes of container ${vmid}`} filters={filters} hasContainers={false} onPage={setPage} />
    </section>
  )
}
