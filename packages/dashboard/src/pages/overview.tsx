import { useComputed } from '@preact/signals'
import { PageHeading } from '../components/page-heading.tsx'
import { readView, viewRows } from '../fleet-view.ts'
import { head, rows } from '../live.ts'
import { FleetTable } from '../overview/fleet-table.tsx'
import { FleetToolbar } from '../overview/fleet-toolbar.tsx'
import { HostCards } from '../overview/host-cards.tsx'
import { VerdictLine } from '../overview/verdict-line.tsx'
import { place } from '../router.ts'

/** The host, and every container. */
export function OverviewPage() {
  const view = useComputed(() => readView(place.value.query)).value
  const all = useComputed(() => [...rows.value.values()]).value
  const shown = viewRows(all, view)
  if (head.value === undefined) return <Waiting />
  return (
    <>
      <VerdictLine head={head.value} />
      <HostCards head={head.value} />
      <FleetToolbar rows={all} shown={shown.length} view={view} />
      {shown.length > 0 && <FleetTable rows={shown} view={view} />}
      {shown.length === 0 && (
        <p class="card empty">{all.length === 0 ? 'This host has no containers.' : 'No container is like that.'}</p>
      )}
    </>
  )
}

function Waiting() {
  return (
    <>
      <PageHeading title="Overview">Overview</PageHeading>
      <p aria-busy="true">Waiting for the API …</p>
    </>
  )
}
