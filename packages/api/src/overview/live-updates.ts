import { BEAT_SECONDS, type Clock, type HistoryEntryBody, jsonText, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { AuditLog } from '../audit/audit-log.ts'
import { type Caller, mayReach } from '../http/caller.ts'
import { type EventStream, StreamEvent } from '../http/event-streams.ts'
import type { Look, Overview } from './overview.ts'

export interface LiveUpdatesParts {
  readonly clock: Clock
  readonly overview: Overview
  readonly audit: Pick<AuditLog, 'subscribe'>
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
}

/** How often is looked whether something is new, while anybody listens. */
const LOOK_INTERVAL_MS = MS_PER_SECOND
const BEAT_MS = BEAT_SECONDS * MS_PER_SECOND

/** Tells whoever listens what is new. Looks once for all of them, and only while there are any. */
export class LiveUpdates {
  readonly #parts: LiveUpdatesParts
  /** Those of one key get the same, so it is written once. */
  readonly #listeners = new Map<Caller, Set<EventStream>>()
  /** What all listeners have been told. */
  #told: Look | undefined
  #lastId = 0
  #isRunning = false

  constructor(parts: LiveUpdatesParts) {
    this.#parts = parts
  }

  /** Sends everything to `stream`, and from then on what is new. */
  async join(stream: EventStream): Promise<void> {
    const look = this.#tell(await this.#parts.overview.look())
    if (stream.destroyed) return
    stream.send(this.#event('overview', this.#parts.overview.textFor(look, stream.caller)))
    const group = this.#listeners.get(stream.caller) ?? new Set()
    this.#listeners.set(stream.caller, group.add(stream))
    stream.once('close', () => {
      group.delete(stream)
      if (group.size === 0) this.#listeners.delete(stream.caller)
    })
    // Who listens comes back then, and is told why.
    if (!this.#isRunning) void this.#run().catch(() => this.#dropAll())
  }

  async #run(): Promise<void> {
    const { clock, overview, audit, signal } = this.#parts
    this.#isRunning = true
    const unsubscribe = audit.subscribe(entry => this.#tellChange(entry))
    let beatMs = clock.monotonicMs()
    let sparksEndMs = overview.sparksEndMs()
    try {
      while (this.#listeners.size > 0 && !signal.aborted) {
        await clock.sleep(LOOK_INTERVAL_MS, signal)
        const look = this.#tell(await overview.look())
        const endMs = overview.sparksEndMs()
        if (endMs !== sparksEndMs) this.#sendAll('sparks', caller => overview.sparksTextFor(look, caller, endMs))
        sparksEndMs = endMs
        if (clock.monotonicMs() - beatMs < BEAT_MS) continue
        beatMs = clock.monotonicMs()
        this.#sendAll('beat', () => '')
      }
    } finally {
      unsubscribe()
      this.#isRunning = false
      this.#told = undefined
    }
  }

  #dropAll(): void {
    for (const streams of this.#listeners.values()) for (const stream of streams) stream.destroy()
  }

  /** Tells all listeners what they do not know of `look`; gives what all know then. */
  #tell(look: Look): Look {
    const told = this.#told
    this.#told = look
    if (told === undefined || told.version === look.version) return look
    const changed = [...look.texts].filter(([vmid, text]) => told.texts.get(vmid) !== text)
    const gone = [...told.texts.keys()].filter(vmid => !look.texts.has(vmid))
    this.#sendAll('rows', caller => {
      const isSeen = (vmid: number) => mayReach(caller, vmid)
      const rows = changed.flatMap(([vmid, text]) => (isSeen(vmid) ? text : []))
      const head = jsonText(this.#parts.overview.headFor(look, caller))
      return `{"head":${head},"rows":[${rows.join()}],"gone":${JSON.stringify(gone.filter(isSeen))}}`
    })
    return look
  }

  #tellChange(entry: HistoryEntryBody): void {
    const text = jsonText(entry)
    this.#sendAll('change', caller => (mayReach(caller, entry.lxc_id) ? text : undefined))
  }

  #sendAll(name: string, textFor: (caller: Caller) => string | undefined): void {
    for (const [caller, streams] of this.#listeners) {
      const text = textFor(caller)
      if (text === undefined) continue
      const event = this.#event(name, text)
      for (const stream of streams) stream.send(event)
    }
  }

  #event(name: string, data: string): StreamEvent {
    this.#lastId += 1
    return new StreamEvent(name, data, this.#lastId)
  }
}
