import {
  AutoscaleError,
  type Clock,
  type DecidingVerdict,
  errorMessage,
  type HealthBody,
  type HistoryEntryBody,
  type Logger,
  type ModelStatus,
  MS_PER_DAY,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  type NewsTestBody,
  runEvery,
} from '@lxc-autoscale/core'
import type { SavedSizes } from '../audit/saved-sizes.ts'
import { countChanges, dayBeforeFirst, isSummaryDue, localDay, summaryItem } from './daily-summary.ts'
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
  /** Undefined when nobody wants to know. */
  verdict(): DecidingVerdict | undefined
  /** What the model wrote down last; undefined when nothing of this moment is there. */
  status(): ModelStatus | undefined
  health(): Promise<HealthBody>
  /** What was made and what was not since then, newest first. */
  changes(sinceMs: number): readonly AsyncIterable<HistoryEntryBody>[]
  saved(): Promise<SavedSizes>
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
  readonly file: Pick<NewsFile, 'read' | 'write'>
  readonly counts: NewsCounts
  /** Aborted when the daemon is to stop. */
  readonly signal: AbortSignal
  /** Over the network; only a test has another. */
  readonly send?: typeof sendNews
}

const LOOK_MS = 5 * MS_PER_SECOND
const SHORTEST_WAIT_MS = 250
/** The checks run pct, which costs a core for a second; a check that failed is looked at more often. */
const CHECK_MS = 5 * MS_PER_MINUTE
const RECHECK_MS = MS_PER_MINUTE
/** Of more nobody wants a summary, as after weeks without any target. */
const LONGEST_SUMMARY_MS = 2 * MS_PER_DAY
/** How often it is written down that a state is still seen. */
const NOTE_MS = 5 * MS_PER_MINUTE

/**
 * Tells people what they have to know: looks at what the other parts know, in a rhythm of its own, and sends what is new to each
 * target. Nobody waits for it. What was told and what is still to be told is on the disk before anything is sent.
 */
export class NewsDesk {
  readonly #parts: NewsDeskParts
  readonly #send: typeof sendNews
  #settings: NewsSettings = NOTHING_WANTED
  #sources: NewsSources | undefined
  #memory: NewsMemory
  /** What the model wrote, whose kills are counted. */
  #counted: ModelStatus | undefined
  #health: { readonly body: HealthBody; readonly atMs: number } | undefined
  #isChecking = false
  /** Targets to which something is on its way. */
  readonly #sending = new Set<string>()
  #isTesting = false
  #notedMs = 0
  #saving: Promise<void> = Promise.resolve()
  #saveProblem: string | undefined

  constructor(parts: NewsDeskParts) {
    this.#parts = parts
    this.#send = parts.send ?? sendNews
    this.#memory = this.#read() ?? NOTHING_TOLD
  }

  /** Another configuration from now on; what waits for a target that stays is sent to it. */
  use(settings: NewsSettings, sources: NewsSources): void {
    this.#settings = settings
    this.#sources = sources
    const names = settings.targets.map(targetName)
    for (const name of names) this.#parts.counts.newsTarget(name)
    // What failed before may be what was mended now, so it is tried at once.
    const outboxOf = (name: string) => ({
      ...(this.#outboxOf(name) ?? EMPTY_OUTBOX),
      failures: 0,
      failed_ms: null,
    })
    const outboxes = Object.fromEntries(names.map(name => [name, outboxOf(name)]))
    this.#memory = { ...this.#memory, outboxes }
    if (this.#memory.summary.since_ms === 0) {
      const nowMs = this.#parts.clock.nowMs()
      this.#memory = { ...this.#memory, summary: beginSummary(nowMs, dayBeforeFirst(settings.daily_summary_at, nowMs)) }
    }
  }

  /** To be told of each change that was asked for. */
  note(entry: HistoryEntryBody): void {
    if (!this.#isWanted) return
    const refusals = noteRefusal(this.#memory.refusals, entry, this.#parts.clock.nowMs())
    this.#memory = { ...this.#memory, refusals }
  }

  /** Looks and sends until the daemon is to stop. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal } = this.#parts
    await runEvery({ intervalMs: () => this.#waitMs(), clock, signal }, async () => {
      if (this.#isWanted && this.#sources !== undefined) await this.#inBackground(this.#look(this.#sources))
      this.#sendDue()
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

  async #look(sources: NewsSources): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    const before = this.#memory
    this.#checkWhenDue(sources)
    const news = this.#observe(sources, nowMs)
    // Before anything is waited for: what is remembered as told must not be lost when a summary fails.
    this.#tell(news)
    const isDue = isSummaryDue(this.#settings.daily_summary_at, before.summary.day, nowMs)
    if (isDue) await this.#inBackground(this.#summarise(sources, nowMs).then(summary => this.#tell([summary])))
    const isToWrite =
      news.length > 0 || isDue || before.kills_ms !== this.#memory.kills_ms || told(before) !== told(this.#memory)
    if (!isToWrite && Math.abs(nowMs - this.#notedMs) < NOTE_MS) return
    this.#notedMs = nowMs
    await this.#save()
  }

  /** What is new, by all that is known now. */
  #observe(sources: NewsSources, nowMs: number): readonly NewsItem[] {
    const { refusals: allRefusals, summary, ...memory } = this.#memory
    const status = sources.status()
    const refusals = recentRefusals(allRefusals, nowMs)
    const facts = { status, verdict: sources.verdict(), health: this.#health?.body, refusals }
    const look = { nowMs, known: knownEvents(facts), patience: patienceWith }
    const { states, items } = followStates(memory.states, seenStates(facts), look)
    const kills =
      status === undefined || status === this.#counted ? undefined : newKills(status, memory.kills_ms, nowMs)
    this.#counted = status
    const { own = 0, inner = 0, counted: kills_ms = memory.kills_ms } = kills ?? {}
    const killed = { own: summary.kills.own + own, inner: summary.kills.inner + inner }
    this.#memory = { ...this.#memory, states, refusals, kills_ms, summary: { ...summary, kills: killed } }
    return [...items, ...(kills?.items ?? [])]
  }

  async #summarise(sources: NewsSources, nowMs: number): Promise<NewsItem> {
    const { since_ms: lastMs, kills } = this.#memory.summary
    const sinceMs = Math.min(nowMs, Math.max(lastMs, nowMs - LONGEST_SUMMARY_MS))
    const standing = Object.values(this.#memory.states).filter(({ is_told: isTold }) => isTold)
    this.#memory = { ...this.#memory, summary: beginSummary(nowMs, localDay(nowMs)) }
    return summaryItem({
      changes: await countChanges(sources.changes(sinceMs), sinceMs),
      kills,
      standing: standing.map(state => headline({ ...state, count: 1, state: 'began' })),
      saved: await sources.saved(),
      sinceMs,
      nowMs,
    })
  }

  /** The checks are not waited for: one may take as long as pct does. */
  #checkWhenDue(sources: NewsSources): void {
    const { clock } = this.#parts
    const nowMs = clock.monotonicMs()
    // Whether it is deciding is looked at each time.
    const checks = Object.entries(this.#health?.body.checks ?? {}).filter(([name]) => name !== 'deciding')
    const everyMs = checks.every(([, { ok }]) => ok) ? CHECK_MS : RECHECK_MS
    if (this.#isChecking || (this.#health !== undefined && nowMs - this.#health.atMs < everyMs)) return
    this.#isChecking = true
    const checked = sources.health().then(body => {
      this.#health = { body, atMs: nowMs }
    })
    void this.#inBackground(checked).finally(() => {
      this.#isChecking = false
    })
  }

  /** Containers must go on being sized when nobody can be told of it. */
  async #inBackground(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#parts.log.error({ err: error }, 'news failed by a bug')
    }
  }

  #tell(items: readonly NewsItem[]): void {
    const { events } = this.#settings
    const wanted = items.filter(({ event }) => events.some(chosen => chosen === event))
    for (const name of Object.keys(this.#memory.outboxes)) {
      for (const item of wanted) this.#update(name, outbox => put(outbox, item))
    }
  }

  /** A target may be called `constructor`. */
  #outboxOf(name: string): OutboxState | undefined {
    return Object.hasOwn(this.#memory.outboxes, name) ? this.#memory.outboxes[name] : undefined
  }

  #update(name: string, change: (outbox: OutboxState) => OutboxState): void {
    const before = this.#outboxOf(name)
    // The target is gone since.
    if (before === undefined) return
    const after = change(before)
    this.#parts.counts.newsDropped(name, Math.max(0, after.dropped - before.dropped))
    this.#memory = { ...this.#memory, outboxes: { ...this.#memory.outboxes, [name]: after } }
  }

  #sendDue(): void {
    const nowMs = this.#parts.clock.nowMs()
    for (const { target, outbox, atMs } of this.#due(nowMs)) {
      if (atMs > nowMs || this.#parts.signal.aborted) continue
      const name = targetName(target)
      this.#sending.add(name)
      void this.#inBackground(this.#deliver(target, outbox)).finally(() => this.#sending.delete(name))
    }
  }

  /** To which targets something is to be sent, and when; without those to which something is on its way. */
  #due(nowMs: number) {
    const { max_per_hour: maxPerHour, group_seconds: groupSeconds, targets } = this.#settings
    const rules = { maxPerHour, groupMs: groupSeconds * MS_PER_SECOND }
    return targets.flatMap(target => {
      const outbox = this.#outboxOf(targetName(target)) ?? EMPTY_OUTBOX
      const atMs = this.#sending.has(targetName(target)) ? undefined : dueMs(outbox, nowMs, rules)
      return atMs === undefined ? [] : [{ target, outbox, atMs }]
    })
  }

  /** Until the next look, or until something is to be sent. */
  #waitMs(): number {
    const nowMs = this.#parts.clock.nowMs()
    const waits = this.#due(nowMs).map(({ atMs }) => Math.max(SHORTEST_WAIT_MS, atMs - nowMs))
    return Math.min(LOOK_MS, ...waits)
  }

  async #deliver(target: NotificationTarget, { waiting, dropped, failures }: OutboxState): Promise<void> {
    const { clock, signal, log, counts } = this.#parts
    const name = targetName(target)
    const message = this.#compose(waiting, dropped)
    const { isSent, text } = await this.#sendCounted(target, message)
    if (isSent) {
      this.#update(name, outbox => afterSending(outbox, { items: waiting, dropped }, clock.nowMs()))
      counts.newsDropped(name, message.leftOut - dropped)
      log.info({ target: name, title: message.title, answer: text }, 'news sent')
    } else if (!signal.aborted) {
      this.#update(name, outbox => afterFailure(outbox, clock.nowMs()))
      if (failures === 0) log.warn({ target: name, problem: text }, 'news cannot be sent; it is tried again')
    }
    await this.#save()
  }

  async #sendCounted(target: NotificationTarget, message: ReturnType<typeof composeMessage>): Promise<SendResult> {
    const { signal, counts, log } = this.#parts
    const result = await this.#send(target, message, { stop: signal }).catch(error => {
      log.error({ err: error }, 'news failed by a bug')
      return { isSent: false, text: 'a bug; the log has the details' }
    })
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

const NOTHING_WANTED: NewsSettings = {
  targets: [],
  events: [],
  max_per_hour: 1,
  group_seconds: 1,
  daily_summary_at: '08:00',
  dashboard_url: undefined,
}

/** Before the first start of all. */
const NOTHING_TOLD: NewsMemory = {
  version: 1,
  outboxes: {},
  states: {},
  kills_ms: null,
  refusals: NO_REFUSALS,
  summary: beginSummary(0, ''),
}

function beginSummary(sinceMs: number, day: string): NewsMemory['summary'] {
  return { since_ms: sinceMs, day, kills: { own: 0, inner: 0 } }
}

/** Names what is written down at once; that a state is still seen can wait. */
function told({ states, refusals }: NewsMemory): string {
  const standing = Object.entries(states).map(([topic, { is_told: isTold, since_ms: sinceMs }]) => [
    topic,
    isTold,
    sinceMs,
  ])
  return JSON.stringify([standing, refusals])
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
