import type { SeriesBody } from '@lxc-autoscale/core'
import { effect } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api.ts'
import { changes, connection, head, hostNowMs } from '../live.ts'
import { TAIL_STEPS, withEntry, withTail } from './tail.ts'
import { RANGES, type View } from './view.ts'

export interface SeriesState {
  readonly series: SeriesBody | undefined
  /** Why there is nothing, or nothing newer. */
  readonly problem: string | undefined
  readonly isLoading: boolean
}

const NOTHING: SeriesState = { series: undefined, problem: undefined, isLoading: true }

/** What was measured of a container, kept new while the page is seen and the stream is live. */
export function useSeries(vmid: number, view: View): SeriesState {
  const [state, setState] = useState(NOTHING)
  const { range, zoom } = view
  useEffect(() => {
    // What was there stays until there is something else: nothing on the page jumps.
    setState(before => ({ ...before, isLoading: true }))
    const follower = new SeriesFollower(vmid, view, setState)
    return () => follower.end()
  }, [vmid, range, zoom?.fromS, zoom?.toS])
  return state
}

/**
 * Asks for all once. Then the stream says when there is something new, not a timer: when the monitor has measured and a step
 * is over, the last few steps are asked for, one request at a time.
 */
class SeriesFollower {
  readonly #vmid: number
  readonly #view: View
  readonly #show: (state: SeriesState) => void
  readonly #ending = new AbortController()
  #series: SeriesBody | undefined
  #isAsking = false
  readonly #endings: (() => void)[]

  constructor(vmid: number, view: View, show: (state: SeriesState) => void) {
    this.#vmid = vmid
    this.#view = view
    this.#show = show
    const seen = () => this.#refresh()
    document.addEventListener('visibilitychange', seen)
    this.#endings = [
      () => document.removeEventListener('visibilitychange', seen),
      effect(() => {
        const isReady = head.value?.newest_sample !== undefined || connection.value.state === 'lost'
        if (isReady) this.#refresh()
      }),
      effect(() => this.#take(changes.value[0])),
    ]
  }

  end(): void {
    this.#ending.abort()
    for (const end of this.#endings) end()
  }

  /** A change is on the chart as soon as it is told. */
  #take(entry: (typeof changes.value)[number] | undefined): void {
    const isOfThis = entry?.lxc_id === this.#vmid && this.#series !== undefined && this.#view.zoom === undefined
    if (isOfThis) this.#shown(withEntry(this.#series as SeriesBody, entry as (typeof changes.value)[number]))
  }

  #refresh(): void {
    if (this.#isAsking || document.hidden) return
    const series = this.#series
    if (series === undefined) this.#ask(this.#all(), answer => answer)
    else if (this.#view.zoom === undefined) this.#extend(series)
  }

  #extend(series: SeriesBody): void {
    const [stepMs, untilMs] = [series.step_seconds * 1_000, Date.parse(series.until)]
    const newSteps = Math.floor((Date.parse(head.value?.newest_sample ?? '') - untilMs) / stepMs)
    if (!(newSteps >= 1)) return
    if (newSteps >= TAIL_STEPS) {
      this.#ask(this.#all(), answer => answer)
      return
    }
    const sinceMs = untilMs + (newSteps - TAIL_STEPS) * stepMs
    const query = { since: iso(sinceMs), until: iso(untilMs + newSteps * stepMs), steps: TAIL_STEPS }
    // What does not fit is asked for anew with the next sample.
    this.#ask(query, tail => withTail(series, tail))
  }

  #all() {
    const { range, zoom } = this.#view
    if (zoom !== undefined) return { since: iso(zoom.fromS * 1_000), until: iso(zoom.toS * 1_000) }
    return { since: iso(hostNowMs() - RANGES[range] * 1_000) }
  }

  #ask(query: Readonly<Record<string, string | number>>, taken: (answer: SeriesBody) => SeriesBody | undefined): void {
    this.#isAsking = true
    const { signal } = this.#ending
    api
      .get<SeriesBody>('/series', { lxc_id: this.#vmid, ...query }, { signal })
      .then(
        answer => this.#shown(taken(answer)),
        (error: Error) => {
          if (!signal.aborted) this.#show({ series: this.#series, problem: error.message, isLoading: false })
        },
      )
      .finally(() => {
        this.#isAsking = false
      })
  }

  #shown(series: SeriesBody | undefined): void {
    this.#series = series
    if (series !== undefined) this.#show({ series, problem: undefined, isLoading: false })
  }
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
