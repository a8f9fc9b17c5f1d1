import type {
  HistoryEntryBody,
  OverviewBody,
  OverviewHead,
  OverviewRow,
  RowsEvent,
  SparksEvent,
} from '@lxc-autoscale/core'
import { BEAT_SECONDS, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core/browser'
import { batch, computed, effect, signal } from '@preact/signals'
import { failureOf, keyHeaders } from './api.ts'
import { backOffMs } from './back-off.ts'
import type { Connection } from './connection.ts'
import { readEvents, type StreamEvent } from './event-stream.ts'
import { type Rows, rowsOf, type Sparks, sparksOf, withRows, withStep } from './fleet.ts'
import { pageOf, place } from './router.ts'
import { caller, endSession, isLocked, sessionKey } from './session.ts'

/** What the API tells while the page is open: one stream of events, kept going. */
export const head = signal<OverviewHead | undefined>(undefined)
export const rows = signal<Rows>(new Map<number, OverviewRow>())
export const sparks = signal<Sparks>(new Map())
/** Entries of the history that came since the page was opened, newest first. */
export const changes = signal<readonly HistoryEntryBody[]>([])

export const connection = signal<Connection>({ state: 'connecting' })

/** Whether the page follows the stream: its documents can be read by whoever has no key. */
export const isFollowing = computed(() => {
  const isOfDocuments = pageOf(place.value.path)?.name === 'docs'
  return !isLocked.value && (sessionKey.value !== undefined || !isOfDocuments)
})

/** How much the clock of the host is ahead of that of this machine. */
const aheadMs = signal(0)
const tickMs = signal(Date.now())
/** The clock of the host, moved on every few seconds while the page is seen. */
export const nowMs = computed(() => tickMs.value + aheadMs.value)
/** The clock of the host at this moment. */
export const hostNowMs = (): number => Date.now() + aheadMs.peek()

const TICK_MS = 5 * MS_PER_SECOND
/** A stream that was silent for three beats is dead, whatever the system says of its connection. */
const DEAD_MS = 3 * BEAT_SECONDS * MS_PER_SECOND
/** A page that nobody sees gives its connection back after so long: a browser has few for each host. */
const UNSEEN_MS = 2 * MS_PER_MINUTE
const MOST_CHANGES = 500

let lastBytesMs: number | undefined
/** When the connection that is open was opened, or last brought something. */
let lastSignMs: number | undefined
let run: AbortController | undefined
let wake = (): void => undefined

/** Keeps the stream going as long as there is a key, or none is needed. Called once. */
export function startLive(): void {
  effect(() => {
    void sessionKey.value
    run?.abort()
    run = undefined
    if (isFollowing.value) start()
    else forget()
  })
  setInterval(() => {
    if (!document.hidden) tickMs.value = Date.now()
    dropDead()
  }, TICK_MS)
  addEventListener('online', () => wake())
  let unseen: ReturnType<typeof setTimeout> | undefined
  document.addEventListener('visibilitychange', () => {
    clearTimeout(unseen)
    if (document.hidden) unseen = setTimeout(rest, UNSEEN_MS)
    else seen()
  })
}

function rest(): void {
  if (run === undefined) return
  run.abort()
  run = undefined
  connection.value = { state: 'connecting' }
}

function seen(): void {
  tickMs.value = Date.now()
  if (run === undefined && isFollowing.peek()) start()
  dropDead()
  wake()
}

function start(): void {
  run = new AbortController()
  void keepOpen(run.signal)
}

function forget(): void {
  lastBytesMs = undefined
  batch(() => {
    head.value = undefined
    rows.value = new Map()
    sparks.value = new Map()
    changes.value = []
    connection.value = { state: 'connecting' }
  })
}

/** After a sleep of the machine the stream may look open for minutes. */
function dropDead(): void {
  if (run === undefined || lastSignMs === undefined || Date.now() - lastSignMs <= DEAD_MS) return
  run.abort()
  lost('nothing came from the API any more')
  start()
}

async function keepOpen(signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const openedMs = Date.now()
    lastSignMs = openedMs
    const reason = await follow(signal).catch((error: unknown) => error)
    if (signal.aborted) return
    lastSignMs = undefined
    lost(reason instanceof Error ? reason.message : 'the API ended the stream')
    if (lastBytesMs !== undefined && lastBytesMs > openedMs) failures = 0
    await wait(backOffMs(failures, Math.random()), signal)
  }
}

/** One connection, until it ends. */
async function follow(signal: AbortSignal): Promise<void> {
  const response = await fetch('/events', { headers: keyHeaders(), cache: 'no-store', signal }).catch(() => {
    throw new Error('the API does not answer; is lxc_autoscale_api running?')
  })
  if (!response.ok || response.body === null) {
    const failure = await failureOf(response)
    if (failure.status === 401) endSession()
    throw failure
  }
  const takeIfWanted = (event: StreamEvent) => (signal.aborted ? undefined : take(event))
  await readEvents(response.body, takeIfWanted, () => {
    lastBytesMs = Date.now()
    lastSignMs = lastBytesMs
  }).catch((error: unknown) => {
    // Each browser has words of its own for it.
    throw error instanceof TypeError ? new Error('the connection to the API broke off') : error
  })
}

function lost(reason: string): void {
  connection.value = { state: 'lost', sinceMs: lastBytesMs, reason }
}

/** Waits; not longer than until somebody has reason to try at once. */
function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, delayMs)
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    wake = end
    signal.addEventListener('abort', end, { once: true })
  })
}

/** The API keeps the contract, of which this page has the same version: it is served by it. */
function take({ name, data }: StreamEvent): void {
  batch(() => {
    if (name === 'overview') takeOverview(data as OverviewBody)
    else if (name === 'rows') takeRows(data as RowsEvent)
    else if (name === 'sparks') sparks.value = withStep(sparks.value, data as SparksEvent)
    else if (name === 'change') changes.value = [data as HistoryEntryBody, ...changes.value].slice(0, MOST_CHANGES)
  })
}

function takeOverview(body: OverviewBody): void {
  takeHead(body.head)
  rows.value = rowsOf(body)
  sparks.value = sparksOf(body)
  connection.value = { state: 'live' }
}

function takeRows(event: RowsEvent): void {
  takeHead(event.head)
  if (event.rows.length + event.gone.length > 0) rows.value = withRows(rows.value, event)
}

function takeHead(next: OverviewHead): void {
  head.value = next
  aheadMs.value = Date.parse(next.now) - Date.now()
  tickMs.value = Date.now()
  const { key, role } = next.caller
  if (caller.peek()?.key !== key || caller.peek()?.role !== role) caller.value = { key, role }
}
