import { randomUUID } from 'node:crypto'
import {
  AutoscaleError,
  type Clock,
  errorMessage,
  isWithin,
  type Logger,
  type WhatIfBody,
  type WhatIfJob,
} from '@lxc-autoscale/core'
import type { Replay } from './replay-process.ts'

/** Replays that wait while one runs. */
const MOST_WAITING = 3
/** Ended ones that are kept, and for how long. */
const MOST_KEPT = 8
const KEPT_MS = 600_000
/** Source: sixty days take a few seconds. */
const LIMIT_MS = 60_000

export interface WhatIfParts {
  readonly clock: Clock
  readonly log: Logger
  readonly replay: Replay
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
}

interface Run {
  readonly load: () => Promise<WhatIfJob>
  readonly stop: AbortController
  body: WhatIfBody
  endedMs: number | undefined
}

/** What people ask the policy: one replay at a time, a few waiting, results for some minutes. */
export class WhatIfs {
  readonly #parts: WhatIfParts
  readonly #runs = new Map<string, Run>()

  constructor(parts: WhatIfParts) {
    this.#parts = parts
  }

  /**
   * Replays what `load` gives, once its turn has come.
   * @throws {AutoscaleError} QUEUE_FULL
   */
  begin(vmid: number, load: () => Promise<WhatIfJob>): WhatIfBody {
    this.#forget()
    const waiting = this.#inState('waiting').length
    if (waiting >= MOST_WAITING) {
      const message = `${waiting} replays wait for their turn already; ask again when one of them has ended`
      throw new AutoscaleError('QUEUE_FULL', message)
    }
    const id = randomUUID()
    const body = { id, lxc_id: vmid, state: 'waiting', progress: 0, text: 'waits for its turn', result: null } as const
    const run: Run = { load, stop: new AbortController(), body, endedMs: undefined }
    this.#runs.set(id, run)
    this.#startNext()
    return run.body
  }

  /** @throws {AutoscaleError} REPLAY_NOT_FOUND */
  find(id: string): WhatIfBody {
    return this.#find(id).body
  }

  /** Ends one that has not ended yet. @throws {AutoscaleError} REPLAY_NOT_FOUND */
  cancel(id: string): WhatIfBody {
    const run = this.#find(id)
    if (run.endedMs === undefined) {
      this.#end(run, { state: 'cancelled', text: 'was cancelled' })
      run.stop.abort()
    }
    return run.body
  }

  #find(id: string): Run {
    this.#forget()
    const run = this.#runs.get(id)
    if (run === undefined) throw new AutoscaleError('REPLAY_NOT_FOUND', `there is no replay ${id}, or not any more`)
    return run
  }

  #inState(state: WhatIfBody['state']): Run[] {
    return [...this.#runs.values()].filter(({ body }) => body.state === state)
  }

  #startNext(): void {
    const [next] = this.#inState('waiting')
    if (next === undefined || this.#inState('running').length > 0) return
    next.body = { ...next.body, state: 'running', text: 'reads the history' }
    void this.#run(next).finally(() => this.#startNext())
  }

  /** Never rejects: whatever is wrong with a replay is told where one asks for it. */
  async #run(run: Run): Promise<void> {
    const { clock, log, replay } = this.#parts
    const signal = AbortSignal.any([this.#parts.signal, run.stop.signal])
    try {
      const job = await run.load()
      if (signal.aborted) return
      run.body = { ...run.body, text: `replays ${job.samples.timesS.length} moments` }
      const onProgress = (progress: number) => {
        if (run.endedMs === undefined) run.body = { ...run.body, progress }
      }
      const done = replay(job, { signal, onProgress }).then(result =>
        this.#end(run, { state: 'done', text: '', progress: 1, result }),
      )
      if (await isWithin(clock, LIMIT_MS, done)) return
      this.#end(run, { state: 'failed', text: `took longer than ${LIMIT_MS / 1_000} s` })
      run.stop.abort()
      await done.catch(() => undefined)
    } catch (error) {
      if (!(error instanceof AutoscaleError) && !signal.aborted) {
        log.warn({ vmid: run.body.lxc_id, err: error }, 'replay failed')
      }
      this.#end(run, { state: 'failed', text: errorMessage(error) })
    }
  }

  /** What has ended stays as it ended. */
  #end(run: Run, how: Partial<WhatIfBody>): void {
    if (run.endedMs !== undefined) return
    run.body = { ...run.body, ...how }
    run.endedMs = this.#parts.clock.monotonicMs()
  }

  #forget(): void {
    const nowMs = this.#parts.clock.monotonicMs()
    const ended = [...this.#runs].filter(([, { endedMs }]) => endedMs !== undefined)
    const surplus = ended.length - MOST_KEPT
    ended.forEach(([id, { endedMs = 0 }], index) => {
      if (index < surplus || nowMs - endedMs > KEPT_MS) this.#runs.delete(id)
    })
  }
}
