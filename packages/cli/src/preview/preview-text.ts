import {
  countText,
  lastingText,
  localTimeText,
  MB_PER_GB,
  MS_PER_SECOND,
  type PreviewBody,
  type PreviewedContainer,
  type PreviewedResource,
  type PreviewTotals,
  type ShortMoment,
} from '@lxc-autoscale/core'
import sparkly from 'sparkly'
import type { Cell, Column } from '../output/layout.ts'
import { figure, screenWidth, table, warned } from '../output/terminal.ts'

/** Days of a month, and half as many where there is little room. */
const CURVE_COLUMNS = { wide: 30, narrow: 15 }
/** Columns of a screen that all columns of the table need, about. */
const WIDE_SCREEN = 120
const MOST_MOMENTS = 8
/** Of a time as it is written. */
const DAY_CHARACTERS = '2026-11-28'.length

/** The whole of a preview for people. */
export function previewText(body: PreviewBody): string {
  const sections = [
    headText(body),
    body.containers.length === 0 ? 'no container can be told of' : containersTable(body),
    linesText('too little, of what was used', momentLines(body.containers)),
    linesText('beside the figures', remarkLines(body)),
    totalsText(body),
    body.notes.join('\n'),
  ]
  return sections.filter(text => text !== '').join('\n\n')
}

function headText({ node, days, settings_file: file, settings, containers }: PreviewBody): string {
  const others = Object.entries(settings).map(([key, value]) => `${key}: ${value}`)
  const from = file === null ? 'as built in' : `those of ${file}`
  const policies = [...new Set(containers.map(({ policy }) => policy))].sort()
  return [
    `${node}, the last ${days === 1 ? 'day' : `${days} days`}: what LXC AutoScale ML would have done. Nothing is changed.`,
    `Settings: ${from}${others.length === 0 ? '' : ` (${others.join(', ')})`}.${policies.length === 0 ? '' : ` Policy: ${policies.join(', ')}.`}`,
  ].join('\n')
}

const HEADINGS: readonly (string | Column)[] = [
  { heading: 'ID' },
  { heading: 'NAME', least: 8 },
  { heading: 'OF' },
  { heading: 'PEAKS OF USE', dropAs: 5 },
  { heading: 'PEAK', dropAs: 3 },
  { heading: 'MEAN', dropAs: 1 },
  { heading: 'HAD' },
  { heading: 'WOULD' },
  { heading: 'FREED', dropAs: 2 },
  { heading: 'TOO LITTLE' },
  { heading: 'CHANGES', dropAs: 4 },
]

/** Two rows for each container: its cores, and its memory. */
function containersTable({ containers }: PreviewBody): string {
  const isNarrow = (screenWidth() ?? WIDE_SCREEN) < WIDE_SCREEN
  const columns = isNarrow ? CURVE_COLUMNS.narrow : CURVE_COLUMNS.wide
  return table(
    HEADINGS,
    containers.flatMap(container => containerRows(container, columns)),
  )
}

function containerRows(container: PreviewedContainer, columns: number): (readonly Cell[])[] {
  const { lxc_id: vmid, name, curves, cores, memory_mb: memory, changes, kills } = container
  const killed = kills === 0 ? '' : `, ${warned(countText(kills, 'kill'))}`
  return [
    [
      vmid,
      name,
      'cores',
      ...resourceCells(cores, { peaks: curves.cores_peak, columns, text: figure }),
      shortText(cores),
      changes,
    ],
    [
      '',
      '',
      'MB',
      ...resourceCells(memory, { peaks: curves.memory_used_mb, columns, text: wholeText }),
      `${shortText(memory)}${killed}`,
      '',
    ],
  ]
}

interface ResourceWords {
  readonly peaks: readonly (number | null)[]
  /** Of the curve. */
  readonly columns: number
  readonly text: (value: number | null) => string
}

function resourceCells(resource: PreviewedResource, { peaks, columns, text }: ResourceWords): Cell[] {
  const { used_peak: peak, used_mean: mean, had_mean: had, would_mean: would, is_sized: isSized } = resource
  return [
    curveText(peaks, { columns, top: Math.max(had ?? 0, peak ?? 0) }),
    text(peak),
    text(mean),
    text(had),
    isSized ? text(would) : 'as it is',
    freedText(resource),
  ]
}

/** The highest of each stretch, from 0 to `top`; a gap where nothing is known. */
export function curveText(
  values: readonly (number | null)[],
  { columns, top }: { readonly columns: number; readonly top: number },
): string {
  const stretches = Math.min(columns, values.length)
  const from = (column: number) => Math.floor((column * values.length) / stretches)
  const peaks = Array.from({ length: stretches }, (_, column) => {
    const known = values.slice(from(column), from(column + 1)).filter(value => value !== null)
    return known.length === 0 ? '' : Math.max(...known)
  })
  return sparkly(peaks, { minimum: 0, maximum: Math.max(top, Number.MIN_VALUE) })
}

function freedText({ had_mean: had, would_mean: would, is_sized: isSized }: PreviewedResource): string {
  if (!isSized || had === null || would === null || had === 0) return '-'
  return `${Math.round(100 * (1 - would / had))} %`
}

function shortText({ is_sized: isSized, short, short_seconds: seconds }: PreviewedResource): string {
  if (!isSized) return '-'
  if (short.length === 0) return 'never'
  return warned(`${short.length}×, ${lastingText(seconds * MS_PER_SECOND)}`)
}

interface NamedMoment extends ShortMoment {
  readonly who: string
  readonly what: string
  readonly text: (value: number) => string
}

/** The longest ones, in the order of time. */
function momentLines(containers: readonly PreviewedContainer[]): string[] {
  const all = containers.flatMap(({ lxc_id: vmid, name, cores, memory_mb: memory }): NamedMoment[] => {
    const who = `${vmid} ${name}`
    return [
      ...cores.short.map(moment => ({ ...moment, who, what: 'cores', text: figure })),
      ...memory.short.map(moment => ({ ...moment, who, what: 'MB', text: wholeText })),
    ]
  })
  const shown = all
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, MOST_MOMENTS)
    .toSorted((a, b) => a.since.localeCompare(b.since))
  const more = all.length - shown.length
  return [...shown.map(momentText), ...(more === 0 ? [] : [`and ${more} more, none longer: --json has all`])]
}

function momentText({ since, until, seconds, used, would, who, what, text }: NamedMoment): string {
  const [sinceMs, untilMs] = [Date.parse(since), Date.parse(until)]
  const isExact = untilMs - sinceMs <= seconds * MS_PER_SECOND
  const lasting = lastingText(seconds * MS_PER_SECOND)
  const [begin, end] = [localTimeText(sinceMs), localTimeText(untilMs)]
  const shortEnd = end.startsWith(begin.slice(0, DAY_CHARACTERS)) ? end.slice(DAY_CHARACTERS) : ` ${end}`
  const when = isExact ? `for ${lasting}` : `to${shortEnd} for ${lasting} at least`
  return `${begin} ${when}: ${who} used up to ${text(used)} ${what} and would have had ${text(would)}`
}

function remarkLines({ containers, left_out: leftOut }: PreviewBody): string[] {
  return [
    ...containers.flatMap(({ lxc_id: vmid, name, remarks }) => remarks.map(remark => `${vmid} ${name}: ${remark}`)),
    ...leftOut.map(({ lxc_id: vmid, name, reason }) => `${vmid} ${name} is left out: ${reason}`),
  ]
}

function totalsText({ containers, days, totals }: PreviewBody): string {
  if (containers.length === 0) return ''
  const { cores, memory_mb: memory, changes, kills } = totals
  const gb = (memoryMb: number) => figure(memoryMb / MB_PER_GB)
  return [
    `In all (${countText(containers.length, 'container')}), on average:`,
    `  cores   had ${figure(cores.had_mean)}, used ${figure(cores.used_mean)}, would have had ${figure(cores.would_mean)}: ${hoursText(cores.freed_hours, 'core-hours')}; ${sumShortText(cores)}`,
    `  memory  had ${gb(memory.had_mean)} GB, used ${gb(memory.used_mean)} GB, would have had ${gb(memory.would_mean)} GB: ${hoursText(memory.freed_hours / MB_PER_GB, 'GB-hours')}; ${sumShortText(memory)}, ${countText(kills, 'kill')}`,
    `  ${countText(changes, 'change')}, ${figure(changes / days)} a day`,
  ].join('\n')
}

function hoursText(freed: number, unit: string): string {
  return `${Math.round(Math.abs(freed))} ${unit} ${freed < 0 ? 'more' : 'freed'}`
}

function sumShortText({ short_times: times, short_seconds: seconds }: PreviewTotals['cores']): string {
  return times === 0
    ? 'never too little'
    : `too little ${countText(times, 'time')}, ${lastingText(seconds * MS_PER_SECOND)} in all`
}

function linesText(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${heading}:`, ...lines.map(line => `  ${line}`)].join('\n')
}

function wholeText(value: number | null): string {
  return value === null ? '-' : String(Math.round(value))
}
