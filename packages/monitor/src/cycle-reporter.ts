import { AutoscaleError, type Logger, MS_PER_SECOND } from '@lxc-autoscale/core'
import type { FailureReason } from '@lxc-autoscale/host'
import type { CycleOutcome } from './cycle.ts'
import type { MonitorMetrics } from './exposition/monitor-metrics.ts'
import type { Monitor } from './monitor.ts'

/** What is reported on. */
export type ReportedMonitor = Pick<Monitor, 'runCycle' | 'stuckFilesystems' | 'nameOf'>

/** Share of the interval above which a cycle is called slow. */
const SLOW_SHARE = 0.5

const COMPLAINTS: Readonly<Record<FailureReason, string>> = {
  unreadable: 'figures could not be read',
  malformed: 'figures could not be read',
  implausible: 'figures cannot be true',
}

/** Runs cycles and tells the log and /metrics about them. */
export class CycleReporter {
  readonly #metrics: MonitorMetrics
  readonly #log: Logger
  /** The reasons for which collectors lacked figures in the last cycle. */
  #failing: ReadonlyMap<string, ReadonlySet<FailureReason>> = new Map()
  #failure: string | undefined

  constructor(metrics: MonitorMetrics, log: Logger) {
    this.#metrics = metrics
    this.#log = log
  }

  /** One cycle. A host that cannot be read is reported once, and tried again in the next cycle. */
  async run(monitor: ReportedMonitor, intervalMs: number): Promise<CycleOutcome | undefined> {
    try {
      const outcome = await monitor.runCycle()
      this.#failure = undefined
      this.#count(outcome, monitor)
      this.#describe(outcome, intervalMs)
      return outcome
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      this.#metrics.cycleFailures.inc({ code: error.code })
      if (this.#failure !== error.message) this.#log.error({ code: error.code }, error.message)
      this.#failure = error.message
      return undefined
    }
  }

  #count(outcome: CycleOutcome, monitor: ReportedMonitor): void {
    const { line, summary, isStored, bytesWritten, partMs, errors, memoryEvents } = outcome
    const metrics = this.#metrics
    metrics.cycleSeconds.observe(totalMs(partMs) / MS_PER_SECOND)
    for (const [collector, ms] of partMs) metrics.collectorSeconds.inc({ collector }, ms / MS_PER_SECOND)
    for (const { collector, reason, count } of errors) metrics.collectErrors.inc({ collector, reason }, count)
    metrics.containers.set(summary.totalContainers)
    metrics.bytesWritten.inc(bytesWritten)
    metrics.stuckThreads.set(monitor.stuckFilesystems)
    if (isStored) metrics.lastSuccess.set(summary.collectionEndMs / MS_PER_SECOND)
    else metrics.lostCycles.inc()
    metrics.show({ line, nameOf: vmid => monitor.nameOf(vmid) }, memoryEvents)
  }

  #describe({ summary, isStored, partMs, errors }: CycleOutcome, intervalMs: number): void {
    const ms = round(totalMs(partMs))
    const { totalContainers: containers, failedContainers: failed } = summary
    this.#log.info({ containers, failed, stored: isStored, ms }, 'cycle done')
    if (ms > intervalMs * SLOW_SHARE) {
      const parts = [...partMs].sort(([, a], [, b]) => b - a).map(([part, partMs]) => [part, round(partMs)] as const)
      this.#log.warn({ ms, interval_ms: intervalMs, parts_ms: Object.fromEntries(parts) }, 'slow cycle')
    }
    this.#describeErrors(errors)
  }

  /** Once when a collector begins to fail, and once when it works again. */
  #describeErrors(errors: CycleOutcome['errors']): void {
    for (const { collector, reason, count, example } of errors) {
      if (!this.#failing.get(collector)?.has(reason)) {
        this.#log.warn({ collector, reason, figures: count, example }, `${COMPLAINTS[reason]}; they are null`)
      }
    }
    const failing = new Map<string, Set<FailureReason>>()
    for (const { collector, reason } of errors) {
      failing.set(collector, (failing.get(collector) ?? new Set()).add(reason))
    }
    for (const collector of this.#failing.keys()) {
      if (!failing.has(collector)) this.#log.info({ collector }, 'all figures could be read again')
    }
    this.#failing = failing
  }
}

function totalMs(partMs: ReadonlyMap<string, number>): number {
  return [...partMs.values()].reduce((total, ms) => total + ms, 0)
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
