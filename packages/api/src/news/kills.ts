import { type ModelStatus, MS_PER_HOUR } from '@lxc-autoscale/core'
import type { NewsItem } from './news-events.ts'

/**
 * By container when the kills were that are counted, milliseconds since 1970. Not the newest alone: after the clock was set
 * back, what is new has an earlier time.
 */
export type CountedKills = Readonly<Record<string, readonly number[]>>

export interface NewKills {
  readonly counted: CountedKills
  readonly items: readonly NewsItem[]
  readonly own: number
  readonly inner: number
}

/** What happened longer ago is no news, at a first start or after days in which nobody looked. */
const NEWS_MS = MS_PER_HOUR

/** The kills that the model saw since those that are `counted`; null: since now. */
export function newKills({ containers }: ModelStatus, before: CountedKills | null, nowMs: number): NewKills {
  // Also what has a time to come: the clock was set back since.
  const isNews = (atMs: number) => nowMs - atMs < NEWS_MS
  const counted: Record<string, readonly number[]> = {}
  const items: NewsItem[] = []
  let [own, inner] = [0, 0]
  // One that is stopped is not told of, and may be back before what it had is old.
  for (const [vmid, times] of Object.entries(before ?? {})) keep(counted, vmid, times.filter(isNews))
  for (const { vmid, name, kills, allocation } of containers) {
    const known = new Set(counted[vmid])
    const recent = kills.map(kill => ({ ...kill, atMs: Date.parse(kill.time) })).filter(({ atMs }) => isNews(atMs))
    const fresh = before === null ? [] : recent.filter(({ atMs }) => !known.has(atMs))
    keep(counted, vmid, [...new Set([...known, ...recent.map(({ atMs }) => atMs)])])
    const of = { vmid, name, nowMs }
    const ownCount = fresh.reduce((sum, kill) => sum + kill.own, 0)
    const innerCount = fresh.reduce((sum, kill) => sum + kill.inner, 0)
    if (ownCount > 0) items.push(ownKills(of, ownCount, allocation?.memory_mb ?? null))
    if (innerCount > 0) items.push(innerKills(of, innerCount))
    own += ownCount
    inner += innerCount
  }
  const isSame = before !== null && items.length === 0
  return { counted: isSame ? before : counted, items, own, inner }
}

function keep(counted: Record<string, readonly number[]>, vmid: string | number, times: readonly number[]): void {
  if (times.length > 0) counted[vmid] = times
}

interface Killed {
  readonly vmid: number
  readonly name: string | null
  readonly nowMs: number
}

function ownKills({ vmid, name, nowMs }: Killed, count: number, limitMb: number | null): NewsItem {
  return {
    event: 'killed',
    state: 'happened',
    topic: `killed:${vmid}`,
    vmid,
    name,
    at_ms: nowMs,
    count,
    what: 'a process was killed at its memory limit',
    detail: limitMb === null ? '' : `The limit is ${limitMb} MB now.`,
    advice: `memory grows by itself up to its maximum; lxc-autoscale explain ${vmid} says what holds it`,
  }
}

function innerKills({ vmid, name, nowMs }: Killed, count: number): NewsItem {
  return {
    event: 'killed',
    state: 'happened',
    topic: `killed-inside:${vmid}`,
    vmid,
    name,
    at_ms: nowMs,
    count,
    what: 'a process was killed inside a limit of its own',
    detail:
      'The limit is one inside the container (MemoryMax of a unit, a container in it): more memory for the container does not help.',
    advice: `pct enter ${vmid}; journalctl -k or dmesg on the host names the process and its limit`,
  }
}
