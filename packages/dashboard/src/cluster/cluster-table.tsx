import type { ClusterContainerBody } from '@lxc-autoscale/core'
import { useRef } from 'preact/hooks'
import { Foreign } from '../components/text.tsx'
import { coresNumber, coresText, memoryText } from '../format.ts'
import { Gap, useRowPx } from '../overview/fleet-table.tsx'
import { useWindow } from '../overview/use-window.ts'
import { Told } from './node-cards.tsx'

const HEADS = ['Node', 'No.', 'Container', 'Status', 'CPU', 'Memory', 'Figures'] as const
/** Height of a row by the size of the text, a line of the table, or three on a narrow screen; the styles have the same. */
const ROW_REM = 2.25
const CARD_REM = 4.75

interface ClusterTableProps {
  readonly containers: readonly ClusterContainerBody[]
  /** The node that answers: it has a page for each of its containers. */
  readonly own: string
}

/** The containers of the cluster; of many only those in view are drawn. */
export function ClusterTable({ containers, own }: ClusterTableProps) {
  const body = useRef<HTMLTableSectionElement>(null)
  const rowPx = useRowPx(ROW_REM, CARD_REM)
  const { first, end } = useWindow(body, containers.length, rowPx)
  return (
    <div class="wide">
      <table class="cluster" aria-label="Containers of the cluster" aria-rowcount={containers.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {HEADS.map(words => (
              <th scope="col" key={words}>
                {words}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          <Gap columns={HEADS.length} heightPx={first * rowPx} key="before" />
          {containers.slice(first, end).map((container, at) => (
            <Row container={container} isOwn={container.node === own} place={first + at + 2} key={container.lxc_id} />
          ))}
          <Gap columns={HEADS.length} heightPx={(containers.length - end) * rowPx} key="after" />
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly container: ClusterContainerBody
  readonly isOwn: boolean
  readonly place: number
}

function Row({ container, isOwn, place }: RowProps) {
  const { lxc_id: vmid, node, name, status } = container
  const words = name === null ? `container ${vmid}` : <Foreign text={name} />
  return (
    <tr aria-rowindex={place} class={container.is_stale ? 'stale' : ''}>
      <td class="node-cell">
        <Foreign text={node} />
      </td>
      <td class="number-cell">{vmid}</td>
      <th scope="row">{isOwn ? <a href={`/container/${vmid}`}>{words}</a> : words}</th>
      <td class="status-cell">{status === 'unknown' ? 'not known' : status}</td>
      <td class="cpu-cell">
        {coresNumber(container.cores_used)} {container.cores !== null && <small>of {coresText(container.cores)}</small>}
      </td>
      <td class="memory-cell">
        {memoryText(container.memory_used_mb)}{' '}
        {container.memory_mb !== null && <small>of {memoryText(container.memory_mb)}</small>}
      </td>
      <td class="told-cell">
        <Told age={container.age_seconds} isStale={container.is_stale} />
      </td>
    </tr>
  )
}
