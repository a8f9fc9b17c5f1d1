import type { OverviewRow, Spark as SparkBody } from '@lxc-autoscale/core'
import { visibleText } from '@lxc-autoscale/core/browser'
import { Component } from 'preact'
import { MenuButton } from '../components/menu.tsx'
import { Spark } from '../components/spark.tsx'
import { State } from '../components/state.tsx'
import { Foreign } from '../components/text.tsx'
import { Time } from '../components/time.tsx'
import { shareOf } from '../fleet-view.ts'
import { changeText, coresNumber, coresText, memoryText, untilText } from '../format.ts'
import { hostNowMs } from '../live.ts'
import { rowActions } from './row-actions.ts'

interface FleetRowProps {
  readonly row: OverviewRow
  readonly spark: SparkBody | undefined
  /** Its place in the whole table, from 1. */
  readonly place: number
  readonly mayChange: boolean
}

/** One container. It is drawn anew only when something of it is new. */
export class FleetRow extends Component<FleetRowProps> {
  override shouldComponentUpdate(next: Readonly<FleetRowProps>): boolean {
    const { row, spark, place, mayChange } = this.props
    return next.row !== row || next.spark !== spark || next.place !== place || next.mayChange !== mayChange
  }

  render() {
    const { row, spark, place, mayChange } = this.props
    return (
      <tr aria-rowindex={place + 1}>
        <td class="number-cell">{row.lxc_id}</td>
        <NameCell row={row} />
        <td class="state-cell">
          <State state={row.state} />
          <div class="second cut" title={visibleText(row.state_text)}>
            {stateText(row)}
          </div>
        </td>
        <UseCell
          kind="cpu"
          used={row.cores_used}
          given={row.cores_given}
          floor={null}
          text={
            <UseText
              used={coresNumber(row.cores_used)}
              given={row.cores_given === null ? null : coresText(row.cores_given)}
            />
          }
          values={spark?.cores}
        />
        <UseCell
          kind="memory"
          used={row.memory_used_mb}
          given={row.memory_given_mb}
          floor={row.memory_floor_mb}
          text={
            <UseText
              used={memoryText(row.memory_used_mb)}
              given={row.memory_given_mb === null ? null : memoryText(row.memory_given_mb)}
            />
          }
          values={spark?.memory_mb}
        />
        <ChangeCell change={row.last_change} />
        {mayChange && (
          <td class="menu-cell">
            <MenuButton
              label={`Actions for ${row.lxc_id} ${visibleText(row.name ?? '')}`}
              items={() => rowActions(row)}
            />
          </td>
        )}
      </tr>
    )
  }
}

function NameCell({ row: { lxc_id: vmid, name, tags, tier, mode } }: { readonly row: OverviewRow }) {
  return (
    <th scope="row" class="name">
      <div class="first cut">
        <a href={`/container/${vmid}`} title={visibleText(name ?? '')}>
          {name === null ? `container ${vmid}` : <Foreign text={name} />}
        </a>
      </div>
      <div class="second cut">
        {tier !== null && <Foreign text={tier} />}
        {mode !== null && mode !== 'auto' && <span class="mode">{MODE_WORDS[mode]}</span>}
        {tags.filter(isTold).map(tag => (
          <span class="tag" key={tag}>
            <Foreign text={tag} />
          </span>
        ))}
      </div>
    </th>
  )
}

/** What is not usual of a mode. */
const MODE_WORDS = { grow_only: 'only grows', recommend: 'nothing is changed', off: 'off' } as const

/** All but the tag of its tier, which stands beside it. */
function isTold(tag: string): boolean {
  return !tag.startsWith('autoscale-tier-')
}

/** A pause and a boost tell their end by the time of whoever looks. */
function stateText({ state, state_text: text, paused_until: pausedUntil, boost }: OverviewRow): string {
  if (state === 'paused' && pausedUntil !== null) return `left alone ${untilText(pausedUntil, hostNowMs())}`
  if (state === 'boosted' && boost !== null)
    return `by ${visibleText(boost.who)}, ${untilText(boost.until, hostNowMs())}`
  return changeText(text)
}

interface UseTextProps {
  readonly used: string
  /** Null: no limit, or not known. */
  readonly given: string | null
}

function UseText({ used, given }: UseTextProps) {
  return (
    <>
      {used} <small>{given === null ? 'used, no limit' : `of ${given}`}</small>
    </>
  )
}

interface UseCellProps {
  readonly kind: 'cpu' | 'memory'
  readonly used: number | null
  readonly given: number | null
  readonly floor: number | null
  readonly text: preact.ComponentChild
  readonly values: readonly (number | null)[] | undefined
}

function UseCell({ kind, used, given, floor, text, values }: UseCellProps) {
  const share = shareOf(used, given) ?? 0
  const floorShare = shareOf(floor, given)
  return (
    <td class={`${kind}-cell ${kind}-coloured`}>
      <div class="use">
        <div>
          <div class="cut">{text}</div>
          <div class="bar">
            <span style={{ width: percent(share) }} />
            {floorShare !== undefined && <span class="floor" style={{ left: percent(floorShare) }} />}
          </div>
        </div>
        <Spark values={values ?? []} ceiling={given} />
      </div>
    </td>
  )
}

function percent(share: number): string {
  return `${(100 * Math.min(1, share)).toFixed(1)}%`
}

function ChangeCell({ change }: { readonly change: OverviewRow['last_change'] }) {
  if (change === null) return <td class="change-cell second">not changed yet</td>
  const { time, who, is_by_model: isByModel, text, reason } = change
  const why = reason ?? (isByModel ? '' : `by ${who}`)
  return (
    <td class="change-cell">
      <div class="change">
        <span class="cut">{changeText(text)}</span>
        <Time iso={time} />
      </div>
      <div class="second cut" title={visibleText(why)}>
        {isByModel || reason === null ? '' : `${visibleText(who)}: `}
        {changeText(why)}
      </div>
    </td>
  )
}
