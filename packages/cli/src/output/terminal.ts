import { jsonText, MS_PER_SECOND, visibleLines, visibleText } from '@lxc-autoscale/core'
import Table from 'cli-table3'
import picocolors from 'picocolors'

/** Where a command writes, and how. Made once in main.ts, so that commands can be tested. */
export interface Terminal {
  readonly isJson: boolean
  write(text: string): void
  /** Makes room for the next answer where there is a screen. */
  clear(): void
  /** Writes the whole answer: as JSON, or in the words of `human`, which is given `value` with all its texts fit to be shown. */
  answer<Value>(value: Value, human: (shown: Value) => string): void
}

const CLEAR_SCREEN = '\u001b[2J\u001b[H'

/**
 * Whether to write colours: NO_COLOR (https://no-color.org) forbids them, FORCE_COLOR asks for them, else a terminal has them.
 * picocolors alone would also colour whatever runs with the variable CI, and so put escape codes into logs and pipes.
 */
export function hasColors(environment: Readonly<NodeJS.ProcessEnv>, isTerminal: boolean): boolean {
  if (environment['NO_COLOR']) return false
  if (environment['FORCE_COLOR']) return environment['FORCE_COLOR'] !== '0'
  return isTerminal && environment['TERM'] !== 'dumb'
}

const colors = picocolors.createColors(hasColors(process.env, process.stdout.isTTY === true))

export function standardTerminal(isJson: boolean): Terminal {
  const write = (text: string) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return {
    isJson,
    write,
    clear: () => {
      if (process.stdout.isTTY && !isJson) write(CLEAR_SCREEN)
    },
    answer: (value, human) => write(isJson ? jsonText(value, 2) : onlyOurCodes(human(shown(value)))),
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours begin with one
const OUR_COLORS = /(\u001b\[(?:1|22|31|32|33|39)m)/

/** Names, reasons and messages come from anybody: of what steers a terminal, only the colours of this file reach it. */
export function onlyOurCodes(text: string): string {
  return text
    .split(OUR_COLORS)
    .map((part, at) => (at % 2 === 0 ? visibleLines(part) : part))
    .join('')
}

/** `value` with each text in it on one line. */
function shown<Value>(value: Value): Value
function shown(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value)
  if (Array.isArray(value)) return value.map(item => shown(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [visibleText(name), shown(item)]))
}

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Rows under headings, in columns. A cell that is not known shows `-`. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string {
  const drawn = new Table({
    head: headings.map(heading => colors.bold(heading)),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  drawn.push(...rows.map(row => row.map(cell => cell ?? '-')))
  return drawn
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

/** A figure for people: at most one decimal, `-` when it is not known. */
export function figure(value: number | null | undefined, unit = ''): string {
  if (value === undefined || value === null) return '-'
  const text = Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1)
  return unit === '' ? text : `${text} ${unit}`
}

/** How long something lasts, for people: `90 s`, `2 h`. */
export function lasting(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / MS_PER_SECOND))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** How long ago something was, for people. */
export function ago(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? '-' : `${lasting(nowMs - atMs)} ago`
}

export const good = (text: string) => colors.green(text)
export const bad = (text: string) => colors.red(text)
export const warned = (text: string) => colors.yellow(text)
