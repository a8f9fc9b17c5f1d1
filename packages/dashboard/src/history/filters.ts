import type { HistoryEntryBody, HistoryQuery } from '@lxc-autoscale/core'
import { directionsOf } from './change-steps.ts'

/** Which changes are shown; a field that is undefined excludes nothing. */
export interface Filters {
  readonly vmid: number | undefined
  readonly who: string | undefined
  readonly direction: 'up' | 'down' | undefined
  readonly outcome: HistoryEntryBody['outcome'] | undefined
  /** Counted from 0. */
  readonly page: number
}

export const PAGE_ENTRIES = 25
/** `satisfies` keeps it complete: the contract names no other. */
export const OUTCOMES = Object.keys({
  applied: true,
  unchanged: true,
  refused: true,
  failed: true,
  unknown: true,
} satisfies Record<HistoryEntryBody['outcome'], true>) as HistoryEntryBody['outcome'][]

/** What the URL says; what it cannot mean is left out. */
export function filtersOf(query: URLSearchParams): Filters {
  const text = (name: string) => query.get(name)?.trim() || undefined
  const [vmid, direction, outcome, page] = [
    text('container'),
    text('direction'),
    text('outcome'),
    Number(text('page') ?? 1),
  ]
  return {
    vmid: vmid !== undefined && /^[1-9]\d{2,8}$/.test(vmid) ? Number(vmid) : undefined,
    who: text('who'),
    direction: direction === 'up' || direction === 'down' ? direction : undefined,
    outcome: OUTCOMES.find(name => name === outcome),
    page: Number.isInteger(page) && page > 1 ? page - 1 : 0,
  }
}

/** The same for the API; one entry more than a page has tells whether there is a next. */
export function historyQuery({ vmid, who, direction, outcome, page }: Filters) {
  return {
    lxc_id: vmid,
    who,
    direction,
    outcome,
    limit: PAGE_ENTRIES + 1,
    skip: page * PAGE_ENTRIES,
  } satisfies { [Name in keyof HistoryQueryFields]?: unknown }
}
type HistoryQueryFields = (typeof HistoryQuery)['shape']

/** Whether an entry that came just now is one of those that are shown. */
export function isShown(entry: HistoryEntryBody, { vmid, who, direction, outcome }: Filters): boolean {
  return (
    (vmid === undefined || entry.lxc_id === vmid) &&
    (who === undefined || entry.who.key === who) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (direction === undefined || directionsOf(entry).has(direction))
  )
}
