import type { OverviewRow } from '@lxc-autoscale/core'
import { useComputed, useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { PageHeading } from '../components/page-heading.tsx'
import { type FleetView, inHeldOrder, readView, viewRows } from '../fleet-view.ts'
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
  const isHeld = useSignal(false)
  const shown = useSteadyOrder(viewRows(all, view), view, isHeld.value)
  if (head.value === undefined) return <Waiting />
  return (
    <>
      <VerdictLine head={head.value} />
      <HostCards head={head.value} />
      <FleetToolbar rows={all} shown={shown.length} view={view} />
      {shown.length > 0 && <FleetTable rows={shown} view={view} isHeld={isHeld} />}
      {shown.length === 0 && (
        <p class="card empty">{all.length === 0 ? 'This host has no containers.' : 'No container is like that.'}</p>
      )}
    </>
  )
}

/** As it was while it is held, unless another order was asked for. */
function useSteadyOrder(rows: readonly OverviewRow[], view: FleetView, isHeld: boolean): readonly OverviewRow[] {
  const last = useRef<{ readonly view: FleetView; readonly order: readonly number[] } | undefined>(undefined)
  const isKept = isHeld && last.current?.view === view
  const shown = isKept ? inHeldOrder(rows, last.current?.order ?? []) : rows
  last.current = { view, order: shown.map(({ lxc_id: vmid }) => vmid) }
  return shown
}

function Waiting() {
  return (
    <>
      <PageHeading title="Overview">Overview</PageHeading>
      <p aria-busy="true">Waiting for the API …</p>
    </>
  )
}
