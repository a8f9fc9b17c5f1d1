import type { ContainerState, OverviewRow } from '@lxc-autoscale/core'
import { isState, stateRank } from './states.ts'

/** Which containers are shown, and in which order, as the query of the page says. */
export interface FleetView {
  readonly text: string
  readonly states: ReadonlySet<ContainerState>
  readonly tag: string
  readonly tier: string
  readonly sort: SortColumn
  readonly isDescending: boolean
}

const SORT_COLUMNS = ['number', 'name', 'state', 'cpu', 'memory', 'change'] as const
export type SortColumn = (typeof SORT_COLUMNS)[number]
/** The one order in which no container ever moves. */
export const USUAL_SORT = 'number'

export function readView(query: URLSearchParams): FleetView {
  const sort = query.get('sort') ?? USUAL_SORT
  const column = sort.replace(/^-/, '')
  return {
    text: query.get('q') ?? '',
    states: new Set((query.get('state') ?? '').split(',').filter(isState)),
    tag: query.get('tag') ?? '',
    tier: query.get('tier') ?? '',
    sort: SORT_COLUMNS.find(each => each === column) ?? USUAL_SORT,
    isDescending: sort.startsWith('-'),
  }
}

/** The containers that are shown, in order. What is not known comes last, whichever way it is sorted. */
export function viewRows(rows: Iterable<OverviewRow>, view: FleetView): OverviewRow[] {
  const shown = [...rows].filter(row => isShown(row, view))
  const sign = view.isDescending ? -1 : 1
  const keyed = shown.map(row => ({ row, key: sortKey(row, view.sort) }))
  keyed.sort((a, b) => compareKeys(a.key, b.key, sign) || a.row.lxc_id - b.row.lxc_id)
  return keyed.map(({ row }) => row)
}

function isShown(row: OverviewRow, { text, states, tag, tier }: FleetView): boolean {
  if (states.size > 0 && !states.has(row.state)) return false
  if (tag !== '' && !row.tags.includes(tag)) return false
  if (tier !== '' && row.tier !== tier) return false
  if (text === '') return true
  const searched = `${row.lxc_id} ${row.name ?? ''} ${row.tags.join(' ')}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every(word => searched.includes(word))
}

function sortKey(row: OverviewRow, column: SortColumn): number | string | undefined {
  switch (column) {
    case 'number':
      return row.lxc_id
    case 'state':
      return stateRank(row.state)
    case 'name':
      return (row.name ?? '').toLowerCase()
    case 'cpu':
      return shareOf(row.cores_used, row.cores_given)
    case 'memory':
      return shareOf(row.memory_used_mb, row.memory_given_mb)
    case 'change':
      // The newest first when it is sorted upwards: how long ago it was.
      return row.last_change === null ? undefined : -Date.parse(row.last_change.time)
  }
}

function compareKeys(a: number | string | undefined, b: number | string | undefined, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  if (a === b) return 0
  return a < b ? -sign : sign
}

/** `rows` in the order of `held` as far as they stand in it; what is new comes last. So nothing moves away under the pointer. */
export function inHeldOrder(rows: readonly OverviewRow[], held: readonly number[]): OverviewRow[] {
  const places = new Map(held.map((vmid, at) => [vmid, at]))
  const place = ({ lxc_id: vmid }: OverviewRow) => places.get(vmid) ?? held.length
  return rows.toSorted((a, b) => place(a) - place(b))
}

/** What share of what is given is used; undefined when either is not known. */
export function shareOf(used: number | null, given: number | null): number | undefined {
  return used === null || given === null || given <= 0 ? undefined : used / given
}

/** How many containers are in each state. */
export function countStates(rows: Iterable<OverviewRow>): ReadonlyMap<ContainerState, number> {
  const counts = new Map<ContainerState, number>()
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1)
  return counts
}
