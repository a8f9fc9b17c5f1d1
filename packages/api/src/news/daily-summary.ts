import {
  AllocationBody,
  givenCores,
  type HistoryEntryBody,
  lastingText,
  localTimeText,
  MB_PER_GB,
  MS_PER_DAY,
} from '@lxc-autoscale/core'
import type { SavedSizes } from '../audit/saved-sizes.ts'
import type { NewsItem } from './news-events.ts'

/** What was changed in a time, counted. */
export interface ChangeCounts {
  readonly coresUp: number
  readonly coresDown: number
  readonly memoryUp: number
  readonly memoryDown: number
  /** Of the changes those that took one back. */
  readonly undone: number
  readonly refused: number
  readonly failed: number
}

/** More than a host makes in a day. */
const MOST_ENTRIES = 50_000

/** Counts what was asked for since `sinceMs`, of both logs. */
export async function countChanges(
  logs: readonly AsyncIterable<HistoryEntryBody>[],
  sinceMs: number,
): Promise<ChangeCounts> {
  const counts = { coresUp: 0, coresDown: 0, memoryUp: 0, memoryDown: 0, undone: 0, refused: 0, failed: 0 }
  for (const log of logs) {
    let read = 0
    for await (const entry of log) {
      if (++read > MOST_ENTRIES) break
      if (Date.parse(entry.time) >= sinceMs && entry.action === 'scale') add(counts, entry)
    }
  }
  return counts
}

function add(
  counts: { -readonly [Key in keyof ChangeCounts]: number },
  { before, after, outcome, undo_of: undoOf, count = 1 }: HistoryEntryBody,
): void {
  if (outcome === 'refused') counts.refused += count
  if (outcome === 'failed' || outcome === 'unknown') counts.failed += count
  if (outcome !== 'applied') return
  if (undoOf !== null) counts.undone++
  const [from, to] = [AllocationBody.safeParse(before).data, AllocationBody.safeParse(after).data]
  if (from === undefined || to === undefined) return
  const cores = compare(givenCores(from), givenCores(to))
  const memory = compare(from.memory_mb, to.memory_mb)
  if (cores > 0) counts.coresUp++
  if (cores < 0) counts.coresDown++
  if (memory > 0) counts.memoryUp++
  if (memory < 0) counts.memoryDown++
}

function compare(from: number | null | undefined, to: number | null | undefined): number {
  return typeof from !== 'number' || typeof to !== 'number' ? 0 : to - from
}

export interface DaySummary {
  readonly changes: ChangeCounts
  readonly kills: { readonly own: number; readonly inner: number }
  /** Headlines of the states that stand and were told. */
  readonly standing: readonly string[]
  readonly saved: SavedSizes
  readonly sinceMs: number
  readonly nowMs: number
}

/** The daily summary as a message. */
export function summaryItem({ changes, kills, standing, saved, sinceMs, nowMs }: DaySummary): NewsItem {
  const { coresUp, coresDown, memoryUp, memoryDown, undone, refused, failed } = changes
  const lines = [
    `Changes: cores ${coresUp} up, ${coresDown} down; memory ${memoryUp} up, ${memoryDown} down; of these ${undone} took another one back.`,
    `Not made: ${refused} refused, ${failed} failed.`,
    `Killed: ${kills.own} at the limit of their container, ${kills.inner} inside limits of their own.`,
    `Given now, against before the first changes: ${savedText(saved)}.`,
    standing.length === 0 ? 'Nothing else stands.' : `Stands: ${standing.join('; ')}.`,
  ]
  return {
    event: 'daily_summary',
    state: 'happened',
    topic: 'daily_summary',
    vmid: null,
    name: null,
    at_ms: nowMs,
    count: 1,
    what: `summary of ${lastingText(Math.max(0, nowMs - sinceMs))}`,
    detail: lines.join('\n'),
    advice: '',
  }
}

function savedText({ cores, memoryMb }: SavedSizes): string {
  const way = (figure: number, unit: string) => `${Math.abs(figure).toFixed(1)} ${unit} ${figure < 0 ? 'more' : 'less'}`
  return `${way(cores, 'cores')}, ${way(memoryMb / MB_PER_GB, 'GB')}`
}

/** The day by the time of this host: `2026-01-31`. */
export function localDay(nowMs: number): string {
  return localTimeText(nowMs).split(' ')[0] ?? ''
}

/**
 * Whether the summary of today is due: at `at` (`08:00`), or as soon as it can be after that. A last day later than tomorrow is
 * one of a clock that was wrong.
 */
export function isSummaryDue(at: string, lastDay: string, nowMs: number): boolean {
  const isOver = localDay(nowMs) > lastDay || lastDay > localDay(nowMs + MS_PER_DAY)
  return isOver && localTime(nowMs) >= at
}

/** The day of the last summary where there was none: the first one comes when its time has come, not at the start. */
export function dayBeforeFirst(at: string, nowMs: number): string {
  return localTime(nowMs) >= at ? localDay(nowMs) : ''
}

function localTime(nowMs: number): string {
  return localTimeText(nowMs).split(' ')[1] ?? ''
}
