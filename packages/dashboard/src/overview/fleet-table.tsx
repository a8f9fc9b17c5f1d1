import type { OverviewRow } from '@lxc-autoscale/core'
import { type Signal, useSignal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Glyph } from '../components/glyph.tsx'
import type { FleetView, SortColumn } from '../fleet-view.ts'
import { sparks } from '../live.ts'
import { setQuery } from '../router.ts'
import { mayChange } from '../session.ts'
import { FleetRow } from './fleet-row.tsx'
import { useWindow } from './use-window.ts'

const COLUMNS: readonly (readonly [column: SortColumn, words: string])[] = [
  ['number', 'No.'],
  ['name', 'Container'],
  ['state', 'State'],
  ['cpu', 'CPU'],
  ['memory', 'Memory'],
  ['change', 'Last change'],
]

/** Height of a row by the size of the text: a line of the table, or a card on a narrow screen. */
const ROW_REM = 3.375
const CARD_REM = 9

const narrow = matchMedia('(max-width: 47.5rem)')

interface FleetTableProps {
  readonly rows: readonly OverviewRow[]
  readonly view: FleetView
  /** Whether somebody is about to do something with a row, so that none may move. */
  readonly isHeld: Signal<boolean>
}

export function FleetTable({ rows, view, isHeld }: FleetTableProps) {
  const holding = useHolding(isHeld)
  const body = useRef<HTMLTableSectionElement>(null)
  const rowPx = useRowPx(ROW_REM, CARD_REM)
  const { first, end } = useWindow(body, rows.length, rowPx)
  const columns = COLUMNS.length + Number(mayChange.value)
  return (
    <table class="fleet" aria-label="Containers" aria-rowcount={rows.length + 1}>
      <Head view={view} />
      <tbody ref={body} style={{ '--row': `${rowPx}px` }} {...holding}>
        <Gap columns={columns} heightPx={first * rowPx} key="before" />
        {rows.slice(first, end).map((row, at) => (
          <FleetRow
            key={row.lxc_id}
            row={row}
            spark={sparks.value.get(row.lxc_id)}
            place={first + at + 1}
            mayChange={mayChange.value}
          />
        ))}
        <Gap columns={columns} heightPx={(rows.length - end) * rowPx} key="after" />
      </tbody>
    </table>
  )
}

/** Height of a row, by the size of the text: of a line, or on a narrow screen of a card. */
export function useRowPx(lineRem: number, cardRem: number): number {
  const rem = useNarrow() ? cardRem : lineRem
  return rem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}

/** Whether the screen is so narrow that a row is a card. */
function useNarrow(): boolean {
  const isNarrow = useSignal(narrow.matches)
  useSignalEffect(() => {
    const look = () => {
      isNarrow.value = narrow.matches
    }
    narrow.addEventListener('change', look)
    return () => narrow.removeEventListener('change', look)
  })
  return isNarrow.value
}

/** The pointer or the focus is in there. */
function useHolding(isHeld: Signal<boolean>) {
  const within = useRef({ pointer: false, focus: false })
  const set = (part: 'pointer' | 'focus', is: boolean) => () => {
    within.current[part] = is
    isHeld.value = within.current.pointer || within.current.focus
  }
  return {
    onPointerEnter: set('pointer', true),
    onPointerLeave: set('pointer', false),
    onFocusIn: set('focus', true),
    onFocusOut: set('focus', false),
  }
}

/** Stands for the rows that are not drawn. */
export function Gap({ columns, heightPx }: { readonly columns: number; readonly heightPx: number }) {
  if (heightPx <= 0) return null
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
    <tr class="gap" aria-hidden="true" style={{ height: `${heightPx}px` }}>
      <td colSpan={columns} />
    </tr>
  )
}

function Head({ view }: { readonly view: FleetView }) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {COLUMNS.map(([column, words]) => (
          <SortHead column={column} words={words} view={view} key={column} />
        ))}
        {mayChange.value && (
          <th class="col-menu" scope="col">
            <span class="unseen">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  )
}

interface SortHeadProps {
  readonly column: SortColumn
  readonly words: string
  readonly view: FleetView
}

/** Figures begin with the largest, the rest with the first. */
function SortHead({ column, words, view: { sort, isDescending } }: SortHeadProps) {
  const isSorted = sort === column
  const isOfFigures = column === 'cpu' || column === 'memory'
  const next = isSorted ? !isDescending : isOfFigures
  return (
    <th class={`col-${column}`} scope="col" aria-sort={ariaSort(isSorted, isDescending)}>
      <button type="button" onClick={() => setQuery({ sort: `${next ? '-' : ''}${column}` })}>
        {words}
        {isSorted && <Glyph shape={isDescending ? 'falling' : 'rising'} />}
      </button>
    </th>
  )
}

function ariaSort(isSorted: boolean, isDescending: boolean): 'ascending' | 'descending' | undefined {
  if (!isSorted) return undefined
  return isDescending ? 'descending' : 'ascending'
}
