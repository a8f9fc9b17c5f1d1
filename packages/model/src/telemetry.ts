import {
  BREAKER_STATES,
  type BreakerState,
  type ContainerSample,
  Counter,
  CYCLE_OUTCOMES,
  DaemonRegistry,
  type ErrorCode,
  Gauge,
  Histogram,
  type ModelStatus,
  OUTCOME_KINDS,
} from '@lxc-autoscale/core'
import { containerMetrics } from './status/container-metrics.ts'

/** Parts of a cycle, in their order. */
export const STAGES = [
  'follow',
  'anomaly',
  'learn',
  'refit',
  'history',
  'fetch',
  'past',
  'decide',
  'apply',
  'save',
  'status',
] as const
export type Stage = (typeof STAGES)[number]

/** Whose forests judged a sample. */
export const VERDICT_SOURCES = ['container', 'fleet', 'none'] as const

const BREAKER_FIGURE: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 }
const CYCLE_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const STAGE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]

/** Everything the model tells Prometheus. Label values come from closed sets; what is told of containers is that of the last cycle. */
export class ModelTelemetry {
  readonly registry = new DaemonRegistry('lxc_autoscale_model', () => containerMetrics(this.#status?.containers ?? []))
  #status: ModelStatus | undefined
  readonly cycles = this.#counter('cycles_total', 'Cycles, by how they ended.', ['outcome'])
  readonly cycleSeconds = this.#histogram('cycle_seconds', 'Duration of a whole cycle.', [], CYCLE_BUCKETS)
  readonly stageSeconds = this.#histogram('stage_seconds', 'Duration of a part of a cycle.', ['stage'], STAGE_BUCKETS)
  readonly failures = this.#counter('failures_total', 'Failures, by error code.', ['code'])
  readonly samples = this.#counter('samples_total', 'Samples read from the metrics file.')
  readonly implausible = this.#counter(
    'implausible_samples_total',
    'Samples with a figure that cannot be true, which were not learned.',
  )
  readonly badLines = this.#counter('bad_lines_total', 'Elements of the metrics file that could not be read.')
  readonly kills = this.#counter(
    'kills_total',
    'Processes killed for lack of memory, by whose limit: that of the container (own), or one inside it (nested).',
    ['limit'],
  )
  readonly predictions = this.#counter('predictions_total', 'Samples that were judged, by whose forests.', ['source'])
  readonly anomalies = this.#counter('anomalies_total', 'Samples that were judged an anomaly.')
  readonly decisions = this.#counter(
    'decisions_total',
    'Decisions, by resource, direction and what settled them: a rule, the policy, or none.',
    ['resource', 'direction', 'reason'],
  )
  readonly changes = this.#counter('changes_total', 'Changes that were sent, by outcome.', ['outcome'])
  readonly breakerState = this.#gauge('api_breaker_state', 'Breaker of the API: 0 closed, 1 half-open, 2 open.')
  readonly breakerChanges = this.#counter('breaker_changes_total', 'Changes of a breaker.', ['breaker', 'state'])
  readonly containerBreakers = this.#gauge('container_breakers', 'Containers, by state of their breaker.', ['state'])
  readonly containers = this.#gauge('containers', 'Containers that are known.')
  readonly forests = this.#gauge('forests', 'Isolation forests in memory.')
  readonly dataAge = this.#gauge('data_age_seconds', 'Age of the newest sample at the last cycle.')
  readonly savedBytes = this.#gauge('state_bytes', 'Size of the learned state when it was last saved.')
  readonly unsaved = this.#gauge(
    'state_unsaved',
    'Whether what was learned could not be saved when that was tried last: 1.',
  )
  readonly lastCycle = this.#gauge('last_cycle_timestamp_seconds', 'When the last cycle ended, seconds since 1970.')

  constructor() {
    for (const outcome of CYCLE_OUTCOMES) this.cycles.inc({ outcome }, 0)
    for (const outcome of OUTCOME_KINDS) this.changes.inc({ outcome }, 0)
    for (const state of BREAKER_STATES) this.containerBreakers.set({ state }, 0)
  }

  /** What is shown of the containers from now on. */
  show(status: ModelStatus): void {
    this.#status = status
  }

  failed(code: ErrorCode): void {
    this.failures.inc({ code })
  }

  countKills(samples: readonly { readonly sample: ContainerSample }[]): void {
    let [own, nested] = [0, 0]
    for (const { sample } of samples) {
      own += sample.memoryEvents?.oomKill ?? 0
      nested += sample.memoryEvents?.innerOomKill ?? 0
    }
    this.kills.inc({ limit: 'own' }, own)
    this.kills.inc({ limit: 'nested' }, nested)
  }

  showBreakers(api: BreakerState, containers: ReadonlyMap<number, BreakerState>, known: number): void {
    const states = [...containers.values()]
    this.breakerState.set(BREAKER_FIGURE[api])
    for (const state of ['half-open', 'open'] as const) {
      this.containerBreakers.set({ state }, states.filter(other => other === state).length)
    }
    this.containerBreakers.set({ state: 'closed' }, Math.max(0, known - states.length))
  }

  #name(name: string): string {
    return `lxc_autoscale_model_${name}`
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: this.#name(name), help, labelNames, registers: [this.registry] })
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: this.#name(name), help, labelNames, registers: [this.registry] })
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    return new Histogram({ name: this.#name(name), help, labelNames, buckets, registers: [this.registry] })
  }
}
