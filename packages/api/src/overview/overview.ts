import {
  AutoscaleError,
  type Clock,
  type DecidingProblem,
  type DecidingVerdict,
  type HealthBody,
  type HistoryEntryBody,
  type InstallSizeBody,
  jsonText,
  type MetricsCycle,
  type ModelStatus,
  MS_PER_SECOND,
  type OverviewHead,
  type OverviewRow,
  SPARK_STEP_SECONDS,
} from '@lxc-autoscale/core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ApiConfig } from '../config.ts'
import { type DaemonState, daemonStates } from '../daemon-states.ts'
import type { Deciding } from '../deciding.ts'
import type { HealthChecks } from '../health-checks.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { MetricsFeed } from '../host/metrics-feed.ts'
import { type Caller, mayReach } from '../http/caller.ts'
import type { Containers } from '../ports.ts'
import type { SeriesStore } from '../series/series-store.ts'
import type { SteeringStore } from '../steering/steering-store.ts'
import { overviewHead } from './overview-head.ts'
import { overviewRow } from './overview-row.ts'
import { SparkTexts } from './spark-texts.ts'

export interface OverviewParts {
  readonly clock: Clock
  readonly config: Pick<ApiConfig, 'authentication' | 'health' | 'safety'>
  readonly containers: Containers
  readonly audit: AuditLog
  readonly deciding: Deciding
  readonly health: HealthChecks
  readonly metrics: Pick<MetricsFeed, 'newest' | 'modifiedMs' | 'subscribe'>
  readonly series: Pick<SeriesStore, 'sparks'>
  readonly steering: Pick<SteeringStore, 'look' | 'all'>
  /** Name of this node, and of its cluster where it has one. */
  readonly node: () => string
  readonly cluster: () => string | undefined
}

/** How old what is said of daemons and checks may be: a check writes to the disk. */
const SURROUNDINGS_KEPT_MS = 5_000
/** How old what is said of containers may be while the monitor says nothing new. */
const CONTAINERS_KEPT_MS = 10_000
/** For so long after somebody asked, what the next one may ask for is read as soon as it is there. */
const FOLLOWED_MS = 60_000
/** So many containers are read before others have a turn. */
const READ_AT_ONCE = 50

/** All that is seen at one moment, by whoever may see everything. */
export interface Look {
  /** Other than that of another look when something a person would see is new. */
  readonly version: number
  readonly containers: readonly ContainerFacts[]
  readonly rows: readonly OverviewRow[]
  /** Each row as it is sent, by number: two that are equal look the same. */
  readonly texts: ReadonlyMap<number, string>
  readonly cycle: MetricsCycle | undefined
  readonly status: ModelStatus | undefined
  readonly surroundings: Surroundings
  readonly installSizes: readonly InstallSizeBody[]
  readonly weekSizes: readonly InstallSizeBody[]
}

interface Surroundings {
  readonly readMs: number
  readonly verdict: DecidingVerdict | undefined
  readonly daemons: readonly DaemonState[]
  readonly checks: HealthBody['checks']
}

interface ReadContainers {
  readonly readMs: number
  readonly cycle: MetricsCycle | undefined
  readonly facts: ReadonlyMap<number, ContainerFacts>
}

/** What keeps the model from changing anything at this moment; what it decided before is not of now then. */
const STANDSTILLS: Readonly<Partial<Record<DecidingProblem, string>>> = {
  model_not_running: 'lxc_autoscale_ml does not run',
  status_unreadable: 'what lxc_autoscale_ml wrote down cannot be read',
  no_cycle_yet: 'lxc_autoscale_ml has not finished a cycle',
  cycle_late: 'lxc_autoscale_ml is late with its cycle',
  clock_set_back: 'the clock was set back',
  data_stale: 'lxc_monitor has told no figures lately',
  metrics_unreadable: 'lxc_autoscale_ml cannot read the metrics file',
  key_refused: 'the API refuses the key of lxc_autoscale_ml',
  api_failing: 'lxc_autoscale_ml gets no answer from the API that it can use',
  pauses_unreadable: 'what is paused cannot be read, so everything is left alone',
}

/** What `GET /overview` and the stream of events show. What was read is kept until something of it is new. */
export class Overview {
  readonly #parts: OverviewParts
  #surroundings: Surroundings | undefined
  #containers: ReadContainers | undefined
  #changes: ReadonlyMap<number, HistoryEntryBody> = new Map()
  #newest: { readonly look: Look; readonly madeOf: readonly unknown[] } | undefined
  #running: Promise<Look> | undefined
  #askedMs = Number.NEGATIVE_INFINITY
  #isFollowing = false
  readonly #sparks: SparkTexts
  /** Rows and sparks as they were sent last, by the containers that may be seen. */
  #sent: { readonly texts: Look['texts']; readonly endMs: number; readonly bySight: Map<unknown, string> } | undefined

  constructor(parts: OverviewParts) {
    this.#parts = parts
    this.#sparks = new SparkTexts(parts.series)
  }

  /** However many ask, it is looked once at a time. What cannot be read is not known; the checks of the head say why. */
  look(): Promise<Look> {
    this.#askedMs = this.#parts.clock.monotonicMs()
    this.#follow()
    return this.#lookOnce()
  }

  /** Looks at each cycle of the monitor before somebody asks for it, as long as somebody asks now and then. */
  #follow(): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    const unsubscribe = this.#parts.metrics.subscribe(() => {
      if (this.#parts.clock.monotonicMs() - this.#askedMs < FOLLOWED_MS) {
        // Whoever asks is told what is wrong.
        this.#lookOnce().catch(() => undefined)
        return
      }
      this.#isFollowing = false
      unsubscribe()
    })
  }

  #lookOnce(): Promise<Look> {
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** All of it as `caller` sees it: an `OverviewBody`, as it is sent. */
  textFor(look: Look, caller: Caller): string {
    return `{"head":${jsonText(this.headFor(look, caller))},${this.#restFor(look, caller)}}`
  }

  /** What stays the same as long as nothing is new, and is nearly all of it. */
  #restFor({ texts, cycle }: Look, caller: Caller): string {
    const endMs = this.sparksEndMs()
    if (this.#sent?.texts !== texts || this.#sent.endMs !== endMs) this.#sent = { texts, endMs, bySight: new Map() }
    const known = this.#sent.bySight.get(caller.containers)
    if (known !== undefined) return known
    const vmids = [...texts.keys()].filter(vmid => mayReach(caller, vmid))
    const rows = vmids.map(vmid => texts.get(vmid)).join()
    const sparks = this.#sparks.textOf(vmids, endMs, cycle)
    const rest = `"rows":[${rows}],"sparks_end":"${isoTime(endMs)}","sparks":{${sparks}}`
    this.#sent.bySight.set(caller.containers, rest)
    return rest
  }

  /** When the newest step that is over ended. */
  sparksEndMs(): number {
    const stepMs = SPARK_STEP_SECONDS * MS_PER_SECOND
    return Math.floor(this.#parts.clock.nowMs() / stepMs) * stepMs
  }

  /** What is new with the step that ended at `endMs`: a `SparksEvent`, as it is sent. */
  sparksTextFor({ texts }: Look, caller: Caller, endMs: number): string {
    const vmids = [...texts.keys()].filter(vmid => mayReach(caller, vmid))
    const sparks = Object.entries(this.#parts.series.sparks(vmids, endMs))
    const newest = sparks.map(([vmid, of]) => [vmid, [of.cores.at(-1) ?? null, of.memory_mb.at(-1) ?? null]])
    return JSON.stringify({ sparks_end: isoTime(endMs), sparks: Object.fromEntries(newest) })
  }

  headFor(look: Look, caller: Caller): OverviewHead {
    const { authentication, safety } = this.#parts.config
    const nowMs = this.#parts.clock.nowMs()
    const isSeen = (vmid: number) => mayReach(caller, vmid)
    const { verdict, daemons, checks } = look.surroundings
    const head = overviewHead({
      node: this.#parts.node(),
      cluster: this.#parts.cluster(),
      isAuthenticated: authentication.enabled,
      cycle: look.cycle,
      status: look.status,
      verdict,
      daemons,
      checks,
      reservedMemoryMb: safety.host_memory_reserve_mb,
      installSizes: look.installSizes,
      weekSizes: look.weekSizes,
      containers: look.containers.filter(({ vmid }) => isSeen(vmid)),
      rows: look.rows.filter(({ lxc_id: vmid }) => isSeen(vmid)),
    })
    return { now: isoTime(nowMs), caller: { key: caller.key, role: caller.role }, ...head }
  }

  async #look(): Promise<Look> {
    const { audit, deciding, metrics, steering } = this.#parts
    const [changes, weekSizes] = await Promise.all([audit.newestOfEach(), audit.weekSizes()])
    const cycle = metrics.newest()
    const surroundings = await this.#lookAround()
    const facts = await this.#readContainers(cycle, new Map(changes.map(entry => [entry.lxc_id, entry])))
    const status = deciding.status()
    const told = JSON.stringify(steering.all(() => true))
    const madeOf = [cycle, status, facts, told, this.#changes, standstillOf(surroundings.verdict)]
    const known = this.#newest
    const isSame = known !== undefined && madeOf.every((part, at) => part === known.madeOf[at])
    const { rows, texts } = isSame ? known.look : this.#rows({ cycle, status, facts, surroundings })
    const isSameAround = known !== undefined && sameAround(known.look.surroundings) === sameAround(surroundings)
    const version = (known?.look.version ?? 0) + (isSame && isSameAround ? 0 : 1)
    const containers = [...facts.values()]
    const installSizes = audit.installSizes.all()
    const look = { version, containers, rows, texts, cycle, status, surroundings, installSizes, weekSizes }
    this.#newest = { look, madeOf }
    return look
  }

  async #lookAround(): Promise<Surroundings> {
    const { clock, deciding, health } = this.#parts
    const readMs = clock.monotonicMs()
    if (this.#surroundings !== undefined && readMs - this.#surroundings.readMs < SURROUNDINGS_KEPT_MS) {
      return this.#surroundings
    }
    const { checks } = await health.check()
    this.#surroundings = { readMs, verdict: deciding.verdict(), daemons: daemonStates(this.#parts), checks }
    return this.#surroundings
  }

  /** Reads all with each cycle of the monitor, and before that those that were changed. */
  async #readContainers(
    cycle: MetricsCycle | undefined,
    changes: ReadonlyMap<number, HistoryEntryBody>,
  ): Promise<ReadonlyMap<number, ContainerFacts>> {
    const { clock, containers } = this.#parts
    const known = this.#containers
    const readMs = clock.monotonicMs()
    const changed = [...changes.keys()].filter(vmid => changes.get(vmid)?.id !== this.#changes.get(vmid)?.id)
    if (changed.length > 0 || changes.size !== this.#changes.size) this.#changes = changes
    const isKept = known !== undefined && known.cycle === cycle && readMs - known.readMs < CONTAINERS_KEPT_MS
    if (isKept && changed.length === 0) return known.facts
    const vmids = await orNothing(containers.list(), [])
    const asked = isKept ? vmids.filter(vmid => changed.includes(vmid) || !known.facts.has(vmid)) : vmids
    const read = new Map<number, ContainerFacts | undefined>()
    for (let at = 0; at < asked.length; at += READ_AT_ONCE) {
      const some = asked.slice(at, at + READ_AT_ONCE)
      const facts = await Promise.all(some.map(vmid => orNothing(containers.read(vmid), undefined)))
      for (const [index, vmid] of some.entries()) read.set(vmid, facts[index])
      await new Promise(resolve => setImmediate(resolve))
    }
    const found = vmids.flatMap(vmid => (read.has(vmid) ? read.get(vmid) : known?.facts.get(vmid)) ?? [])
    const facts = new Map(found.map(each => [each.vmid, each]))
    this.#containers = { readMs: isKept ? known.readMs : readMs, cycle, facts }
    return facts
  }

  #rows(of: {
    cycle: MetricsCycle | undefined
    status: ModelStatus | undefined
    facts: ReadonlyMap<number, ContainerFacts>
    surroundings: Surroundings
  }): Pick<Look, 'rows' | 'texts'> {
    const { clock, config, steering } = this.#parts
    const { cycle, status, facts, surroundings } = of
    const told = steering.look()
    const decided = new Map(status?.containers.map(container => [container.vmid, container]))
    const shared = {
      nowMs: clock.nowMs(),
      maxSampleAgeMs: config.health.max_metrics_age_seconds * MS_PER_SECOND,
      standstill: standstillOf(surroundings.verdict),
      isDryRun: status?.dry_run === true,
    }
    const rows = [...facts.values()].map(container =>
      overviewRow({
        ...shared,
        container,
        steering: told.of(container.vmid),
        sample: cycle?.containers.get(container.vmid),
        decided: decided.get(container.vmid),
        lastChange: this.#changes.get(container.vmid),
      }),
    )
    return { rows, texts: new Map(rows.map(row => [row.lxc_id, jsonText(row)])) }
  }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

async function orNothing<Value>(reading: Promise<Value>, nothing: Value): Promise<Value> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof AutoscaleError) return nothing
    throw error
  }
}

function standstillOf(verdict: DecidingVerdict | undefined): string | undefined {
  for (const { code } of verdict?.problems ?? []) if (STANDSTILLS[code] !== undefined) return STANDSTILLS[code]
  return undefined
}

/** What of it is news: not how many seconds something is old. */
function sameAround({ verdict, daemons, checks }: Surroundings): string {
  const failed = Object.entries(checks).flatMap(([name, { ok }]) => (ok ? [] : [name]))
  return JSON.stringify([
    verdict?.state,
    verdict?.problems.map(({ code }) => code),
    daemons.map(({ state }) => state),
    failed,
  ])
}
