import type { HistoryBody, HistoryEntryBody } from '@lxc-autoscale/core'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api.ts'
import { changes } from '../live.ts'
import { type Filters, historyQuery, isShown, PAGE_ENTRIES } from './filters.ts'

interface Loaded {
  readonly entries: readonly HistoryEntryBody[]
  readonly hasMore: boolean
  /** Numbers of what had come by the stream when it was asked for: the rest is new. */
  readonly known: ReadonlySet<string>
}

export interface Changes {
  readonly entries: readonly HistoryEntryBody[]
  readonly hasMore: boolean
  /** What came since, newest first, and is not among the entries. */
  readonly fresh: readonly HistoryEntryBody[]
  readonly problem: string | undefined
  readonly isLoading: boolean
  /** Puts what is new among the entries. */
  readonly takeFresh: () => void
}

/** A page of the changes that the filters let through, and what came since. */
export function useChanges(filters: Filters): Changes {
  const [loaded, setLoaded] = useState<Loaded>()
  const [problem, setProblem] = useState<string>()
  const [isLoading, setLoading] = useState(true)
  useEffect(() => {
    const ending = new AbortController()
    setLoading(true)
    api
      .get<HistoryBody>('/history', historyQuery(filters), { signal: ending.signal })
      .then(({ entries }) => {
        const known = new Set([...entries, ...changes.peek()].map(({ id }) => id))
        setLoaded({ entries: entries.slice(0, PAGE_ENTRIES), hasMore: entries.length > PAGE_ENTRIES, known })
        setProblem(undefined)
        setLoading(false)
      })
      .catch((error: Error) => {
        if (ending.signal.aborted) return
        setProblem(error.message)
        setLoading(false)
      })
    return () => ending.abort()
  }, Object.values(filters))

  const { entries = [], hasMore = false, known } = loaded ?? {}
  const fresh = changes.value.filter(entry => known !== undefined && !known.has(entry.id) && isShown(entry, filters))
  const takeFresh = () => {
    if (known === undefined || fresh.length === 0) return
    const all = [...fresh, ...entries]
    const ids = new Set([...known, ...fresh.map(({ id }) => id)])
    setLoaded({ entries: all.slice(0, PAGE_ENTRIES), hasMore: hasMore || all.length > PAGE_ENTRIES, known: ids })
  }
  return { entries, hasMore, fresh, problem, isLoading, takeFresh }
}
