import {
  AutoscaleError,
  type Clock,
  type DecidingVerdict,
  errorMessage,
  type HealthBody,
  type HistoryEntryBody,
  type Logger,
  type ModelStatus,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  type NewsTestBody,
  runEvery,
} from '@lxc-autoscale/core'
import { countChanges, type DaySummary, dayBeforeFirst, isSummaryDue, localDay, summaryItem } from './daily-summary.ts'
import { newKills } from './kills.ts'
import type { NewsItem } from './news-events.ts'
import type { NewsFile, NewsMemory } from './news-file.ts'
import { composeMessage, headline } from './news-message.ts'
import { type NewsSettings, type NotificationTarget, targetName } from './notifications-section.ts'
import { afterFailure, afterSending, dueMs, EMPTY_OUTBOX, type OutboxState, put } from './outbox.ts'
import { NO_REFUSALS, noteRefusal, recentRefusals } from './refusals.ts'
import { knownEvents, patienceWith, seenStates } from './seen-states.ts'
import { type SendResult, sendNews } from './send-news.ts'
import { followStates } from './standing.ts'

/** Where the news come from; of one configuration. */
export interface NewsSources {
  /** Name of this node of Proxmox. */
  host(): string
  verdict(): DecidingVerdict
  /** What the model wrote down last; undefined when nothing of this moment is there. */
  status(): ModelStatus | undefined
  health(): Promise<HealthBody>
  /** What was made and what was not since then, newest first. */
  changes(sinceMs: number): readonly AsyncIterable<HistoryEntryBody>[]
  saved(): Promise<DaySummary['saved']>
}

/** Figures about the sending, for the metrics. */
export interface NewsCounts {
  newsTarget(target: string): void
  newsSent(target: string): void
  newsFailed(target: string): void
  newsDropped(target: string, count: number): void
}

export interface NewsDeskParts {
  readonly clock: Clock
  readonly log: Logger
  readonly file: NewsFile
  readonly counts: NewsCounts
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
  /** Over the network; only a test has another. */
  readonly send?: typeof sendNews
}

const LOOK_MS = 5 * MS_PER_SECOND
/** The checks run pct, which costs a core for a second; a check that failed is looked at more often. */
const CHECK_MS = 5 * MS_PER_MINUTE
const RECHECK_MS = MS_PER_MINUTE
/** How often it is written down that a state is still seen. */
const NOTE_MS = 5 * MS_PER_MINUTE

/**
 * Tells people what they have to know: looks at what the other parts know, in a rhythm of its own, and sends what is new to each
 * target. Nobody waits for it. What was told and what is still to be told is on the disk before anything is sent.
 */
export class NewsDesk {
  readonly #parts: NewsDeskParts
  readonly #send: typeof sendNews
  #settings: NewsSettings
  #sources: NewsSources | undefined
  #memory: NewsMemory
  /** Kills from before the first start of all are no news. */
  #isFirst: boolean
  #health: { readonly body: HealthBody; readonly atMs: number } | undefined
  #isChecking = false
  /** Targets to which something is on its way. */
  readonly #sending = new Set<string>()
  #isTesting = false
  #notedMs = 0
  #saving: Promise<void> = Promise.resolve()
  #saveProblem: string | undefined

  constructor(parts: NewsDeskParts, settings: NewsSettings) {
    this.#parts = parts
    this.#send = parts.send ?? sendNews
    this.#settings = settings
    const saved = this.#read()
    this.#isFirst = saved === undefined
    this.#memory = saved ?? this.#nothingTold()
    this.configure(settings)
  }

  /** Takes effect at once; what waits for a target that stays is sent to it. */
  configure(settings: NewsSettings): void {
    this.#settings = settings
    const names = settings.targets.map(targetName)
    for (const name of names) this.#parts.counts.newsTarget(name)
    const outboxes = Object.fromEntries(names.map(name => [name, this.#memory.outboxes[name] ?? EMPTY_OUTBOX]))
    this.#memory = { ...this.#memory, outboxes }
  }

  use(sources: NewsSources): void {
    this.#sources = sources
  }

  /** To be told of each change that was asked for. */
  note(entry: HistoryEntryBody): void {
    if (!this.#isWanted) return
    const refusals = noteRefusal(this.#memory.refusals, entry, this.#parts.clock.nowMs())
    this.#memory = { ...this.#memory, refusals }
  }

  /** Looks and sends until the daemon is to stop. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal, log } = this.#parts
    await runEvery({ intervalMs: () => LOOK_MS, clock, signal }, async () => {
      try {
        if (this.#isWanted) await this.#look()
        this.#sendDue()
      } catch (error) {
        // Containers must go on being sized when nobody can be told of it.
        log.error({ err: error }, 'news failed by a bug')
      }
    })
    await this.#saving
  }

  /**
   * Sends a message to `only`, or to each target, and gives what came of it.
   * @throws {AutoscaleError} STATE_NOT_ALLOWED without targets, INVALID_REQUEST when none has this name, RATE_LIMITED
   */
  async test(only: string | undefined): Promise<NewsTestBody> {
    const { targets } = this.#settings
    if (targets.length === 0)
      throw new AutoscaleError(
        'STATE_NOT_ALLOWED',
        'nobody is told anything: lxc_autoscale_api.yaml has no notifications.targets',
      )
    const chosen = only === undefined ? targets : targets.filter(target => targetName(target) === only)
    if (chosen.length === 0) {
      const names = targets.map(targetName).join(', ')
      throw new AutoscaleError('INVALID_REQUEST', `target: there is none called ${only}; there are ${names}`)
    }
    if (this.#isTesting) throw new AutoscaleError('RATE_LIMITED', 'another test message is on its way')
    this.#isTesting = true
    try {
      const results = chosen.map(async target => {
        const { isSent, text } = await this.#sendCounted(
          target,
          this.#compose([testItem(this.#parts.clock.nowMs())], 0),
        )
        return { target: targetName(target), type: target.type, is_sent: isSent, text }
      })
      return { targets: await Promise.all(results) }
    } finally {
      this.#isTesting = false
    }
  }

  get #isWanted(): boolean {
    return this.#settings.targets.length > 0
  }

  async #look(): Promise<void> {
    const sources = this.#sources
    if (sources === undefined) return
    const { clock } = this.#parts
    const nowMs = clock.nowMs()
    this.#checkWhenDue(sources)
    const status = sources.status()
    const memory = this.#memory
    const refusals = recentRefusals(memory.refusals, nowMs)
    const facts = { nowMs, status, verdict: sources.verdict(), health: this.#health?.body, refusals }
    const { states, items } = followStates(memory.states, seenStates(facts), {
      nowMs,
      known: knownEvents(facts),
      patience: patienceWith,
    })
    const kills = status === undefined ? undefined : newKills(status, memory.kills_ms, nowMs)
    const isFirst = this.#isFirst
    if (kills !== undefined) this.#isFirst = false
    const { summary } = memory
    const counted = isFirst || kills === undefined ? { own: 0, inner: 0 } : kills
    const killed = { own: summary.kills.own + counted.own, inner: summary.kills.inner + counted.inner }
    this.#memory = {
      ...this.#memory,
      states,
      refusals,
      kills_ms: kills?.counted ?? memory.kills_ms,
      summary: { ...summary, kills: killed },
    }
    const news = [...items, ...(isFirst ? [] : (kills?.items ?? []))]
    const day = isSummaryDue(this.#settings.daily_summary_at, summary.day, nowMs)
      ? await this.#summarise(sources, nowMs)
      : []
    this.#tell([...news, ...day])
    const isChanged =
      news.length + day.length > 0 || JSON.stringify(told(memory)) !== JSON.stringify(told(this.#memory))
    if (isChanged || Math.abs(nowMs - this.#notedMs) >= NOTE_MS) {
      this.#notedMs = nowMs
      await this.#save()
    }
  }

  async #summarise(sources: NewsSources, nowMs: number): Promise<readonly NewsItem[]> {
    const { since_ms: sinceMs, kills } = this.#memory.summary
    const since = Math.min(sinceMs, nowMs)
    const standing = Object.values(this.#memory.states).filter(({ is_told: isTold }) => isTold)
    const item = summaryItem({
      changes: await countChanges(sources.changes(since), since),
      kills,
      standing: standing.map(state => headline({ ...state, count: 1, state: 'began' })),
      saved: await sources.saved(),
      sinceMs: since,
      nowMs,
    })
    const summary = { since_ms: nowMs, day: localDay(nowMs), kills: { own: 0, inner: 0 } }
    this.#memory = { ...this.#memory, summary }
    return [item]
  }

  /** The checks are not waited for: one may take as long as pct does. */
  #checkWhenDue(sources: NewsSources): void {
    const { clock } = this.#parts
    const nowMs = clock.monotonicMs()
    const everyMs = this.#health?.body.status === 'unhealthy' ? RECHECK_MS : CHECK_MS
    if (this.#isChecking || (this.#health !== undefined && nowMs - this.#health.atMs < everyMs)) return
    this.#isChecking = true
    void sources.health().then(body => {
      this.#health = { body, atMs: nowMs }
      this.#isChecking = false
    })
  }

  #tell(items: readonly NewsItem[]): void {
    const { events } = this.#settings
    const wanted = items.filter(({ event }) => events.some(chosen => chosen === event))
    for (const name of Object.keys(this.#memory.outboxes)) {
      for (const item of wanted) this.#update(name, outbox => put(outbox, item))
    }
  }

  #update(name: string, change: (outbox: OutboxState) => OutboxState): void {
    const before = this.#memory.outboxes[name]
    // The target is gone since.
    if (before === undefined) return
    const after = change(before)
    this.#parts.counts.newsDropped(name, Math.max(0, after.dropped - before.dropped))
    this.#memory = { ...this.#memory, outboxes: { ...this.#memory.outboxes, [name]: after } }
  }

  #sendDue(): void {
    const { clock, signal } = this.#parts
    const nowMs = clock.nowMs()
    const { max_per_hour: maxPerHour, group_seconds: groupSeconds } = this.#settings
    for (const target of this.#settings.targets) {
      const name = targetName(target)
      const outbox = this.#memory.outboxes[name] ?? EMPTY_OUTBOX
      const due = dueMs(outbox, nowMs, { maxPerHour, groupMs: groupSeconds * MS_PER_SECOND })
      if (due === undefined || due > nowMs || this.#sending.has(name) || signal.aborted) continue
      this.#sending.add(name)
      void this.#deliver(target, outbox).finally(() => this.#sending.delete(name))
    }
  }

  async #deliver(target: NotificationTarget, { waiting, dropped, failures }: OutboxState): Promise<void> {
    const { clock, signal, log, counts } = this.#parts
    const name = targetName(target)
    const message = this.#compose(waiting, dropped)
    const { isSent, text } = await this.#sendCounted(target, message)
    if (isSent) {
      this.#update(name, outbox => afterSending(outbox, { items: waiting, dropped }, clock.nowMs()))
      counts.newsDropped(name, message.leftOut - dropped)
      if (failures > 0) log.info({ target: name }, 'news are sent again')
    } else if (!signal.aborted) {
      this.#update(name, outbox => afterFailure(outbox, clock.nowMs()))
      if (failures === 0) log.warn({ target: name, problem: text }, 'news cannot be sent; it is tried again')
    }
    await this.#save()
  }

  async #sendCounted(target: NotificationTarget, message: ReturnType<typeof composeMessage>): Promise<SendResult> {
    const { signal, counts } = this.#parts
    const result = await this.#send(target, message, { stop: signal })
    if (result.isSent) counts.newsSent(targetName(target))
    else counts.newsFailed(targetName(target))
    return result
  }

  #compose(items: readonly NewsItem[], dropped: number) {
    const { clock } = this.#parts
    const host = this.#sources?.host() ?? 'this host'
    return composeMessage({ items, dropped, host, nowMs: clock.nowMs(), dashboardUrl: this.#settings.dashboard_url })
  }

  #read(): NewsMemory | undefined {
    const { file, log } = this.#parts
    try {
      return file.read()
    } catch (error) {
      log.warn({ problem: errorMessage(error) }, 'what was told cannot be read, so some of it may be told again')
      return undefined
    }
  }

  #nothingTold(): NewsMemory {
    const nowMs = this.#parts.clock.nowMs()
    const day = dayBeforeFirst(this.#settings.daily_summary_at, nowMs)
    const summary = { since_ms: nowMs, day, kills: { own: 0, inner: 0 } }
    return { version: 1, outboxes: {}, states: {}, kills_ms: {}, refusals: NO_REFUSALS, summary }
  }

  /** One after the other, each with what is known when its turn comes. Never rejects: without it some may be told again. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const { file, log } = this.#parts
      try {
        await file.write(this.#memory)
        this.#saveProblem = undefined
      } catch (error) {
        const problem = errorMessage(error)
        if (problem !== this.#saveProblem)
          log.warn({ problem }, 'what was told cannot be written down; after a restart some of it may be told again')
        this.#saveProblem = problem
      }
    })
    return this.#saving
  }
}

/** What is written down at once; that a state is still seen can wait. */
function told({ states, kills_ms: kills, refusals }: NewsMemory): unknown {
  const standing = Object.entries(states).map(([topic, { is_told: isTold, since_ms: sinceMs }]) => [
    topic,
    isTold,
    sinceMs,
  ])
  return [standing, kills, refusals]
}

function testItem(nowMs: number): NewsItem {
  return {
    event: 'test',
    state: 'happened',
    topic: 'test',
    vmid: null,
    name: null,
    at_ms: nowMs,
    count: 1,
    what: 'a test message',
    detail: 'News of LXC AutoScale ML arrive here.',
    advice: '',
  }
}
