import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { whoText } from '@lxc-autoscale/core/browser'
import { Foreign } from '../components/text.tsx'
import { Time } from '../components/time.tsx'
import { changeText } from '../format.ts'
import { directionsOf, entryText } from './change-steps.ts'
import { UndoButton } from './undo-button.tsx'

interface ChangeListProps {
  readonly label: string
  readonly entries: readonly HistoryEntryBody[]
  /** False where all are of one container. */
  readonly hasContainers: boolean
}

/** Changes as a table; where there is no room for one, as one card for each. */
export function ChangeList({ label, entries, hasContainers }: ChangeListProps) {
  return (
    <table class="changes" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">When</th>
          {hasContainers && <th scope="col">Container</th>}
          <th scope="col">What</th>
          <th scope="col">Why</th>
          <th scope="col">Who</th>
          <th scope="col">Outcome</th>
          <th scope="col">Undo</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(entry => (
          <ChangeRow entry={entry} hasContainer={hasContainers} key={entry.id} />
        ))}
      </tbody>
    </table>
  )
}

const SIGNS = { up: '▲', down: '▼' }

function ChangeRow({ entry, hasContainer }: { readonly entry: HistoryEntryBody; readonly hasContainer: boolean }) {
  const { time, lxc_id: vmid, name, why, outcome, message } = entry
  const isMade = outcome === 'applied'
  return (
    <tr class={`outcome-${outcome}`}>
      <td>
        <Time iso={time} />
      </td>
      {hasContainer && <td>{vmid === 0 ? 'all' : <ContainerLink vmid={vmid} name={name} />}</td>}
      <td class="what">
        <span aria-hidden="true" class="signs">
          {[...directionsOf(entry)].map(direction => (
            <i class={direction} key={direction}>
              {SIGNS[direction]}
            </i>
          ))}
        </span>
        <Foreign text={entryText(entry)} />
      </td>
      <td class="why">
        <Foreign text={changeText(why ?? message)} />
        {!isMade && why !== null && why !== message && (
          <small>
            <Foreign text={changeText(message)} />
          </small>
        )}
      </td>
      <td>
        <Foreign text={whoText(entry)} />
      </td>
      <td class="outcome">
        {outcome}
        {entry.count !== undefined && entry.count > 1 && ` (${entry.count} times)`}
      </td>
      <td class="undo">
        <UndoButton entry={entry} />
      </td>
    </tr>
  )
}

function ContainerLink({ vmid, name }: { readonly vmid: number; readonly name: string | null }) {
  return (
    <a href={`/container/${vmid}`}>
      {name === null ? vmid : <Foreign text={name} />} {name !== null && <small>{vmid}</small>}
    </a>
  )
}
