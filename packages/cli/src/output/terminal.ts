import { createInterface } from 'node:readline'
import { jsonText, lastingText, visibleLines, visibleText } from '@lxc-autoscale/core'
import picocolors from 'picocolors'
import { type Cell, type Column, layOut, wrapLines } from './layout.ts'

/** Where a command writes, and how. Made once in main.ts, so that commands can be tested. */
export interface Terminal {
  readonly isJson: boolean
  /** Lines of the screen; undefined where there is none. */
  readonly height: number | undefined
  write(text: string): void
  /** Makes room for the next answer where there is a screen. */
  clear(): void
  /**
   * Writes the whole answer: as JSON, or in the words of `human`, which is given `value` with all its texts fit to be shown.
   * What is wider than the screen goes on in the next line.
   */
  answer<Value>(value: Value, human: (shown: Value) => string): void
  /** Whether the person says yes; undefined where nobody can be asked. */
  confirm(question: string): Promise<boolean | undefined>
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

/** Columns of the screen; undefined where the output goes elsewhere, and may be as wide as it is. */
export function screenWidth(): number | undefined {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined
}

export function standardTerminal(isJson: boolean): Terminal {
  const write = (text: string) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return {
    isJson,
    get height() {
      return process.stdout.isTTY && !isJson && process.stdout.rows > 0 ? process.stdout.rows : undefined
    },
    write,
    clear: () => {
      if (process.stdout.isTTY && !isJson) process.stdout.write(CLEAR_SCREEN)
    },
    answer: (value, human) =>
      write(isJson ? jsonText(value, 2) : wrapLines(onlyOurCodes(human(shown(value))), screenWidth())),
    confirm,
  }
}

/** Asked on standard error, so that the answer of the command stands alone on the other. */
async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await new Promise<boolean>(resolve => {
      lines.once('close', () => resolve(false))
      lines.question(`${question} [y/N] `, answer => resolve(/^y(es)?$/i.test(answer.trim())))
    })
  } finally {
    lines.close()
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

/** A column of which nothing else is known may be cut to so much. */
const LEAST_WIDTH = 12

/** Rows under headings, in columns, no wider than the screen. A cell that is not known shows `-`. */
export function table(
  headings: readonly (string | Column)[],
  rows: readonly (readonly Cell[])[],
  width = screenWidth(),
): string {
  const columns = headings.map(column => {
    const { heading, ...rest } = typeof column === 'string' ? ofText(column) : column
    return { ...rest, heading: colors.bold(heading) }
  })
  return layOut(columns, rows, width)
}

function ofText(heading: string): Column {
  return { heading, least: Math.max(LEAST_WIDTH, heading.length) }
}

/** A figure for people: at most one decimal, `-` when it is not known. */
export function figure(value: number | null | undefined, unit = ''): string {
  if (value === undefined || value === null) return '-'
  const text = Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1)
  return unit === '' ? text : `${text} ${unit}`
}

/** How long ago something was, for people. */
export function ago(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? '-' : `${lastingText(nowMs - atMs)} ago`
}

export const good = (text: string) => colors.green(text)
export const bad = (text: string) => colors.red(text)
export const warned = (text: string) => colors.yellow(text)
