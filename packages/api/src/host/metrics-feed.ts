import { statSync } from 'node:fs'
import {
  AutoscaleError,
  type Clock,
  type ContainerSample,
  errorMessage,
  type Logger,
  type MetricsCycle,
  MetricsFileSource,
  MS_PER_SECOND,
  runEvery,
} from '@lxc-autoscale/core'
import { FleetHistory, type NewSample, plausibleHost } from '@lxc-autoscale/host'

/** How often is looked whether there is more in the file. */
const LOOK_INTERVAL_MS = MS_PER_SECOND

/** Who keeps what was measured. */
export interface SampleKeeper {
  /**
   * Gets the new samples of each cycle, oldest cycle first, at the start those of the whole file; gives whether it wants its turn
   * before much more is read.
   */
  add(samples: readonly NewSample[], intervalMs: number | undefined): boolean
  /** Its turn, at least once in each look; at the end of what there was to read or before it. */
  settle(isAtEnd: boolean): Promise<void>
}

export interface MetricsFeedParts {
  readonly clock: Clock
  readonly log: Logger
  readonly keeper?: SampleKeeper
}

interface Followed {
  readonly path: string
  readonly source: MetricsFileSource
  readonly history: FleetHistory
}

/** Follows the metrics file that the monitor writes. Samples that cannot be true are in nothing that it gives. */
export class MetricsFeed {
  readonly #parts: MetricsFeedParts
  readonly #listeners = new Set<(cycle: MetricsCycle) => void>()
  #followed: Followed | undefined
  #newest: MetricsCycle | undefined
  /** Why the file could not be read at the last look. */
  #problem: string | undefined

  constructor(parts: MetricsFeedParts) {
    this.#parts = parts
  }

  /** From now on the file at `path` is followed; empty for none. */
  use(path: string): void {
    if (this.#followed?.path === path) return
    this.#newest = undefined
    const source = new MetricsFileSource({ path })
    this.#followed = path === '' ? undefined : { path, source, history: new FleetHistory() }
  }

  /** The newest cycle, as of the last look; undefined before the first. */
  newest(): MetricsCycle | undefined {
    return this.#newest
  }

  /** The newest sample of a container; undefined when the newest cycle has none of it. */
  sample(vmid: number): ContainerSample | undefined {
    return this.#newest?.containers.get(vmid)
  }

  /** Tells `listener` the newest cycle after each look that found one. Call what it gives to hear no more. */
  subscribe(listener: (cycle: MetricsCycle) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * When the file was last written, milliseconds since 1970 UTC; undefined when it is not there.
   * @throws {AutoscaleError} HOST_UNREADABLE when that cannot be known, or something else than a file stands there.
   */
  modifiedMs(): number | undefined {
    const path = this.#followed?.path
    if (path === undefined) return undefined
    try {
      const found = statSync(path, { throwIfNoEntry: false })
      if (found?.isFile() === false) throw new AutoscaleError('STATE_INVALID', `${path}: is not a regular file`)
      return found?.mtimeMs
    } catch (error) {
      const message = error instanceof AutoscaleError ? error.message : `${path}: ${errorMessage(error)}`
      throw new AutoscaleError('HOST_UNREADABLE', message, { cause: error })
    }
  }

  /** Follows the file until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    await runEvery({ intervalMs: () => LOOK_INTERVAL_MS, clock: this.#parts.clock, signal }, () => this.look(signal))
  }

  /** Reads what is new. One call at a time. */
  async look(signal?: AbortSignal): Promise<void> {
    const followed = this.#followed
    const before = this.#newest
    const state = { isTurn: false, isStopped: () => signal?.aborted === true }
    do {
      state.isTurn = false
      if (followed !== undefined) await this.#follow(followed, state)
      await this.#parts.keeper?.settle(!state.isTurn)
    } while (state.isTurn && !state.isStopped())
    const newest = this.#newest
    if (newest !== undefined && newest !== before) for (const listener of this.#listeners) listener(newest)
  }

  /** Reads to the end, or until the keeper wants its turn. */
  async #follow(followed: Followed, state: { isTurn: boolean; isStopped(): boolean }): Promise<void> {
    const take = (cycle: MetricsCycle) => {
      const { isTurn, ...plausible } = this.#take(followed.history, cycle)
      state.isTurn ||= isTurn
      if (followed === this.#followed) this.#newest = plausible
    }
    const signal = {
      get aborted() {
        return state.isTurn || state.isStopped()
      },
    }
    try {
      await followed.source.follow(take, signal)
      this.#problem = undefined
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      if (this.#problem !== error.message) this.#parts.log.warn({ problem: error.message }, 'metrics cannot be read')
      this.#problem = error.message
    }
  }

  #take(history: FleetHistory, { containers, summary }: MetricsCycle): MetricsCycle & { readonly isTurn: boolean } {
    const refused = new Set<number>()
    const samples = history.add({ containers, summary }, this.#parts.clock.nowMs(), {
      refuse: vmid => refused.add(vmid),
    })
    return {
      containers: refused.size === 0 ? containers : new Map([...containers].filter(([vmid]) => !refused.has(vmid))),
      summary: summary && { ...summary, ...plausibleSummary(summary) },
      isTurn: this.#parts.keeper?.add(samples, history.intervalMs) ?? false,
    }
  }
}

function plausibleSummary(summary: NonNullable<MetricsCycle['summary']>) {
  const { cores, memoryMb, memoryAvailableMb } = plausibleHost(summary)
  return { hostCores: cores, hostMemoryMb: memoryMb, hostMemoryAvailableMb: memoryAvailableMb }
}
