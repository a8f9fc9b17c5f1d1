import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { stepsOf } from '../history/change-steps.ts'
import type { Column, Span } from './chart.ts'

/** Something that happened at one moment. */
export interface Mark {
  readonly timeS: number
  /** Where on the y axis; undefined: at its top. */
  readonly value: number | undefined
  readonly kind: 'up' | 'down' | 'kill'
  readonly entry?: HistoryEntryBody
  readonly kills?: number
}

/** Marks that are too near to each other to be told apart, as one. */
export interface MarkGroup {
  readonly timeS: number
  readonly value: number | undefined
  readonly kind: Mark['kind'] | 'mixed'
  readonly marks: readonly Mark[]
}

/** The changes of cores, or of memory, that may have been made, oldest first. */
export function changeMarks(entries: readonly HistoryEntryBody[], of: 'cpu' | 'memory'): Mark[] {
  const marks = entries.flatMap((entry): Mark[] => {
    if (entry.outcome === 'refused' || entry.outcome === 'unchanged') return []
    const steps = stepsOf(entry).filter(({ resource }) => (resource === 'memory_mb') === (of === 'memory'))
    const [step] = steps
    if (step === undefined) return []
    const kind = (step.to ?? Number.POSITIVE_INFINITY) > (step.from ?? Number.POSITIVE_INFINITY) ? 'up' : 'down'
    return [{ timeS: Date.parse(entry.time) / 1_000, value: step.to ?? undefined, kind, entry }]
  })
  return marks.sort((a, b) => a.timeS - b.timeS)
}

/** The steps in which processes were killed. */
export function killMarks(kills: Column, timesS: readonly number[]): Mark[] {
  return kills.flatMap((count, at) =>
    count === null || count === 0
      ? []
      : [{ timeS: timesS[at] ?? 0, value: undefined, kind: 'kill' as const, kills: count }],
  )
}

/** The marks within `span` with those that lie less than `least` seconds apart put together, oldest first. */
export function groupMarks(marks: readonly Mark[], { fromS, toS }: Span, leastS: number): MarkGroup[] {
  const groups: Mark[][] = []
  for (const mark of marks.filter(({ timeS }) => timeS >= fromS && timeS <= toS).sort((a, b) => a.timeS - b.timeS)) {
    const open = groups.at(-1)
    if (open !== undefined && mark.timeS - (open[0]?.timeS ?? 0) < leastS) open.push(mark)
    else groups.push([mark])
  }
  return groups.map(asGroup)
}

/** A group stands where its newest mark is. */
function asGroup(marks: readonly Mark[]): MarkGroup {
  const newest = marks.at(-1)
  const kinds = new Set(marks.map(({ kind }) => kind))
  const worst = kinds.has('kill') ? 'kill' : 'mixed'
  return {
    timeS: newest?.timeS ?? 0,
    value: marks.findLast(({ value }) => value !== undefined)?.value,
    kind: kinds.size === 1 && newest !== undefined ? newest.kind : worst,
    marks,
  }
}
