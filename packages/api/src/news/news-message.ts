import { visibleText } from '@lxc-autoscale/core'
import type { NewsItem } from './news-events.ts'

/** How urgent a message is. */
export type Priority = 'low' | 'normal' | 'high'

/** A message as all targets get it, each in its own form. */
export interface NewsMessage {
  /** One line. */
  readonly title: string
  /** Several lines, of at most `MOST_TEXT_BYTES`. */
  readonly text: string
  readonly priority: Priority
  /** Name of this node of Proxmox. */
  readonly host: string
  readonly timeMs: number
  /** Those that the text names. */
  readonly items: readonly NewsItem[]
  /** So many more there were, which nothing tells of. */
  readonly leftOut: number
  /** Where the dashboard is; undefined when others cannot reach it, or nobody said. */
  readonly dashboardUrl: string | undefined
}

/** What ntfy shows as a message; more becomes an attachment. Source: docs.ntfy.sh, `message-size-limit`, 4096. */
export const MOST_TEXT_BYTES = 3_800
const MOST_TITLE_CHARACTERS = 150
const MOST_NAME_CHARACTERS = 64
const MOST_LINE_CHARACTERS = 600
const CUT_LINE = '  …'

const URGENT: ReadonlySet<NewsItem['event']> = new Set(['killed', 'daemon_trouble', 'host_short'])

export interface Composing {
  readonly items: readonly NewsItem[]
  /** So many were dropped before these. */
  readonly dropped: number
  readonly host: string
  readonly nowMs: number
  readonly dashboardUrl: string | undefined
}

/** One message that tells of all `items`, as far as they fit; what does not is counted. */
export function composeMessage({ items, dropped, host, nowMs, dashboardUrl }: Composing): NewsMessage {
  const sorted = items.toSorted((a, b) => rank(a) - rank(b))
  const link = dashboardUrl === undefined ? [] : [dashboardUrl]
  const room = MOST_TEXT_BYTES - bytes(leftOutLine(Number.MAX_SAFE_INTEGER), ...link)
  const paragraphs = sorted.map(item => fitting(paragraph(item), room))
  const shown = howManyFit(paragraphs, room)
  const leftOut = items.length - shown + dropped
  const last = leftOut === 0 ? [] : [leftOutLine(leftOut)]
  const [first] = sorted
  const more = items.length - 1 + dropped
  const end = more > 0 ? ` and ${more} more` : ''
  const begin = `${host}: ${first === undefined ? leftOutLine(leftOut) : headline(first)}`
  const title = `${shortened(begin, MOST_TITLE_CHARACTERS - end.length)}${end}`
  return {
    title,
    text: [...paragraphs.slice(0, shown), ...last, ...link].join('\n\n'),
    priority: priorityOf(items),
    host,
    timeMs: nowMs,
    items: sorted.slice(0, shown),
    leftOut,
    dashboardUrl,
  }
}

type Headed = Pick<NewsItem, 'vmid' | 'name' | 'what' | 'count' | 'state'>

/** Who and what on one line: `web (101): a process was killed at its memory limit, 3 times`. */
export function headline({ vmid, name, what, count, state }: Headed): string {
  const who = vmid === null ? '' : `${name === null ? 'container' : oneLine(name, MOST_NAME_CHARACTERS)} (${vmid}): `
  const often = count > 1 ? `, ${count} times` : ''
  return `${who}${state === 'ended' ? 'over: ' : ''}${oneLine(what, MOST_LINE_CHARACTERS)}${often}`
}

function paragraph(item: NewsItem): string {
  const further = [...item.detail.split('\n'), ...(item.advice === '' ? [] : [`What to do: ${item.advice}`])]
  const lines = further.filter(line => line !== '').map(line => `  ${oneLine(line, MOST_LINE_CHARACTERS)}`)
  return [headline(item), ...lines].join('\n')
}

/** As many lines of `text` as fit, so that what is longer than a message is told all the same. */
function fitting(text: string, mostBytes: number): string {
  if (bytes(text) <= mostBytes) return text
  const lines = text.split('\n')
  while (lines.length > 1 && bytes(...lines, CUT_LINE) > mostBytes) lines.pop()
  return [...lines, CUT_LINE].join('\n')
}

/** What others wrote can neither begin a line of its own nor hide anything. */
function oneLine(text: string, mostCharacters: number): string {
  return shortened(visibleText(text), mostCharacters)
}

/** `text` of at most so many characters, none of them cut in two. */
export function shortened(text: string, mostCharacters: number, end = '…'): string {
  const characters = [...text]
  return characters.length > mostCharacters
    ? `${characters.slice(0, mostCharacters - end.length).join('')}${end}`
    : text
}

function leftOutLine(count: number): string {
  return `${count} more ${count === 1 ? 'message was' : 'messages were'} left out; lxc-autoscale status shows what stands`
}

function howManyFit(paragraphs: readonly string[], mostBytes: number): number {
  let used = 0
  for (const [at, text] of paragraphs.entries()) {
    used += bytes(text)
    if (used > mostBytes) return at
  }
  return paragraphs.length
}

/** With the empty lines between them. */
function bytes(...texts: string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 2, 0)
}

/** What is urgent first, then what is new, then what is over. */
function rank({ event, state }: NewsItem): number {
  if (state === 'ended') return 2
  return URGENT.has(event) ? 0 : 1
}

function priorityOf(items: readonly NewsItem[]): Priority {
  if (items.some(({ event, state }) => state !== 'ended' && URGENT.has(event))) return 'high'
  return items.every(({ event }) => event === 'daily_summary') ? 'low' : 'normal'
}
