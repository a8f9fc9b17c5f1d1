import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

export type Cell = string | number | null | undefined

/** A column of a table. Where there is no room for all of them, those with the lowest `dropAs` go first. */
export interface Column {
  readonly heading: string
  /** Undefined of one that stays. */
  readonly dropAs?: number
  /** Cells may be cut to so many columns of the screen; left out: never. */
  readonly least?: number
}

const GAP = '  '

/**
 * Rows under headings, no line wider than `width`; undefined for as wide as they are. First cells are cut that may be, then
 * columns are left out, and what is too wide even then is cut. A cell that is not known shows `-`.
 */
export function layOut(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
): string {
  const texts = rows.map(row => columns.map((_, at) => String(row[at] ?? '-')))
  const measured = columns.map((column, at) => ({
    ...column,
    at,
    width: Math.max(widthOf(column.heading), ...texts.map(row => widthOf(row[at] ?? ''))),
  }))
  const shown = fitColumns(measured, width)
  const lines = [columns.map(({ heading }) => heading), ...texts].map(row =>
    shown
      .map(column => padded(row[column.at] ?? '', column.width))
      .join(GAP)
      .trimEnd(),
  )
  return lines.map(line => cut(line, width)).join('\n')
}

interface MeasuredColumn extends Column {
  readonly at: number
  readonly width: number
}

/** The columns that are shown, each as wide as it may be. */
function fitColumns(columns: readonly MeasuredColumn[], width: number | undefined): readonly MeasuredColumn[] {
  if (width === undefined) return columns
  const least = columns.map(column => Math.min(column.width, column.least ?? column.width))
  if (totalOf(least) <= width) return shrunk(columns, width)
  const droppable = columns.filter(({ dropAs }) => dropAs !== undefined)
  const first = Math.min(...droppable.map(({ dropAs }) => dropAs ?? 0))
  const next = columns.filter(({ dropAs }) => dropAs !== first)
  return next.length === columns.length || next.length === 0 ? shrunk(columns, width) : fitColumns(next, width)
}

/** The widest ones that may be cut give way first. */
function shrunk(columns: readonly MeasuredColumn[], width: number): readonly MeasuredColumn[] {
  const widths = columns.map(column => column.width)
  for (let excess = totalOf(widths) - width; excess > 0; excess--) {
    const cuttable = columns.map(({ least = Number.POSITIVE_INFINITY }, at) => ((widths[at] ?? 0) > least ? at : -1))
    const widest = cuttable.filter(at => at >= 0).sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0]
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return columns.map((column, at) => ({ ...column, width: widths[at] ?? 0 }))
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, widths.length - 1)
}

/** As wide as the column, cut where it is wider. */
function padded(text: string, width: number): string {
  const fitting = cut(text, width)
  return fitting + ' '.repeat(Math.max(0, width - widthOf(fitting)))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours begin with one
const COLOR = /(\u001b\[\d+m)/

/** One column each; for anything else Unicode is asked, whose tables take 20 ms to load. */
const SIMPLE = /^[\x20-\x7e…]*$/

function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text)
  return SIMPLE.test(plain) ? plain.length : stringWidth(text)
}

/** What a person sees as the characters of `text`. */
function charactersOf(text: string): readonly string[] {
  return SIMPLE.test(text) ? [...text] : Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
}

/** What of `text` has room, with a mark at its end where something is missing; colours are kept, so that each is ended. */
function cut(text: string, width: number | undefined): string {
  if (width === undefined || widthOf(text) <= width) return text
  let room = width - 1
  return text
    .split(COLOR)
    .map((part, at) => {
      if (at % 2 === 1 || room < 0) return at % 2 === 1 ? part : ''
      let kept = ''
      for (const character of charactersOf(part)) {
        room -= widthOf(character)
        if (room < 0) return `${kept.trimEnd()}…`
        kept += character
      }
      return kept
    })
    .join('')
}

/** Lines that are too wide go on in the next line, further in; undefined for as they are. */
export function wrapLines(text: string, width: number | undefined): string {
  if (width === undefined) return text
  return text
    .split('\n')
    .map(line => (widthOf(line) <= width ? line : wrapLine(line, width)))
    .join('\n')
}

function wrapLine(line: string, width: number): string {
  const [start = ''] = /^ */.exec(line) ?? []
  const indent = start.length + 4 < width / 2 ? `${start}    ` : ''
  const [first = '', ...rest] = wrapAnsi(line, width, { hard: true, trim: false }).split('\n')
  if (indent === '') return [first, ...rest].join('\n')
  const later = wrapAnsi(rest.join('').trimStart(), width - indent.length, { hard: true }).split('\n')
  return [first.trimEnd(), ...later.map(text => indent + text)].join('\n')
}

/** As many of `lines` as there is room for on a screen of `height` lines, with the cursor below them, and what says how many are left out. */
export function fitLines(lines: readonly string[], height: number | undefined, more: (left: number) => string): string {
  const room = Math.max(1, (height ?? Number.POSITIVE_INFINITY) - 1)
  if (lines.length <= room) return lines.join('\n')
  const shown = lines.slice(0, Math.max(0, room - 1))
  return [...shown, more(lines.length - shown.length)].join('\n')
}
