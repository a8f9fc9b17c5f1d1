import {
  CHANGE_ACTIONS,
  CHANGE_OUTCOMES,
  Counter,
  DaemonRegistry,
  DECIDING_PROBLEMS,
  DECIDING_STATES,
  type DecidingVerdict,
  ERROR_CODES,
  Gauge,
  givenCores,
  Histogram,
  type HistoryEntryBody,
  type InstallSizeBody,
  inBytes,
  labels,
  type MetricFamily,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import { savedOf } from './audit/saved-sizes.ts'
import { ChangeCounts } from './change-counts.ts'
import { allocationBody } from './changes/wire-allocation.ts'
import type { ContainerFacts } from './host/container-facts.ts'
import type { EventStreams } from './http/event-streams.ts'
import type { CommandReport } from './pct/command-report.ts'
import type { ContainerQueue } from './pct/container-queue.ts'

/** One answered request. */
export interface AnsweredRequest {
  readonly method: string
  /** The route as it was registered, so that there are as many as routes. */
  readonly endpoint: string
  readonly status: number
  readonly durationMs: number
}

interface AnsweredSeries {
  readonly requests: Counter.Internal
  readonly seconds: Histogram.Internal<string>
}

/** What is shown beside what was counted. */
export interface ShownState {
  readonly containers: readonly ContainerFacts[]
  /** What a container had before the model changed it first; undefined when it never did. */
  readonly installSize: (vmid: number) => InstallSizeBody | undefined
  /** Undefined when nobody wants to know whether the model decides. */
  readonly deciding: DecidingVerdict | undefined
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const PCT_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800]

/** The metrics of the API. Whatever has a closed set of labels begins at 0, so that the first of its kind counts too. */
export class ApiTelemetry {
  readonly registry = new DaemonRegistry('lxc_autoscale_api', () => this.#families())
  readonly #requests = this.#counter('api_requests_total', 'HTTP requests answered.', ['method', 'endpoint', 'status'])
  readonly #seconds = new Histogram({
    name: 'lxc_autoscale_api_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'endpoint'],
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  })
  /**
   * The series of the requests so far, by route, method and status: to find them anew each time would cost more than to count,
   * and so would one name made of the three.
   */
  readonly #answered = new Map<string, Map<string, Map<number, AnsweredSeries>>>()
  readonly #refusals = this.#counter('api_refusals_total', 'Requests that were refused, by error code.', ['reason'])
  readonly #changeRefusals = this.#counter(
    'change_refusals_total',
    'Changes that were asked for and not made, by error code.',
    ['reason'],
  )
  readonly #operations = this.#counter('operations_total', 'Everything that was asked for, by what became of it.', [
    'action',
    'outcome',
  ])
  readonly #pctSeconds = new Histogram({
    name: 'lxc_autoscale_api_pct_duration_seconds',
    help: 'Wall time of the commands of Proxmox.',
    labelNames: ['command', 'outcome'],
    buckets: PCT_SECONDS,
    registers: [this.registry],
  })
  readonly #changes = new ChangeCounts()
  #shown: ShownState = { containers: [], installSize: () => undefined, deciding: undefined }

  readonly #newsSent = this.#counter('api_news_sent_total', 'Messages that were sent to people.', ['target'])
  readonly #newsFailed = this.#counter('api_news_failed_total', 'Attempts to send people a message that failed.', [
    'target',
  ])
  readonly #newsDropped = this.#counter(
    'api_news_dropped_total',
    'News that stand in no message but as a count, since there were too many.',
    ['target'],
  )

  constructor(queue: ContainerQueue, streams: Pick<EventStreams, 'size'>) {
    this.#gauge('api_queue_length', 'Changes that wait for their turn.', () => queue.waiting)
    this.#gauge('api_queue_running', 'Changes that are being made.', () => queue.running)
    this.#gauge('api_event_streams', 'Streams of events that are open.', () => streams.size)
    this.#gauge('api_resident_memory_bytes', 'Resident memory of the daemon.', () => process.memoryUsage.rss())
    for (const reason of ERROR_CODES) {
      this.#refusals.inc({ reason }, 0)
      this.#changeRefusals.inc({ reason }, 0)
    }
    for (const action of CHANGE_ACTIONS) {
      for (const outcome of CHANGE_OUTCOMES) this.#operations.inc({ action, outcome }, 0)
    }
  }

  request({ method, endpoint, status, durationMs }: AnsweredRequest): void {
    const series = this.#answered.get(endpoint)?.get(method)?.get(status) ?? this.#series(method, endpoint, status)
    series.requests.inc()
    series.seconds.observe(durationMs / MS_PER_SECOND)
  }

  #series(method: string, endpoint: string, status: number): AnsweredSeries {
    const ofRoute = this.#answered.get(endpoint) ?? new Map<string, Map<number, AnsweredSeries>>()
    const ofMethod = ofRoute.get(method) ?? new Map<number, AnsweredSeries>()
    const requests = this.#requests.labels(method, endpoint, String(status))
    const series = { requests, seconds: this.#seconds.labels(method, endpoint) }
    this.#answered.set(endpoint, ofRoute.set(method, ofMethod.set(status, series)))
    return series
  }

  refused(code: string): void {
    this.#refusals.labels(code).inc()
  }

  command({ command, durationMs, outcome }: CommandReport): void {
    this.#pctSeconds.labels(`${command.program} ${command.args[0] ?? ''}`, outcome).observe(durationMs / MS_PER_SECOND)
  }

  change(entry: HistoryEntryBody): void {
    this.#operations.labels(entry.action, entry.outcome).inc()
    if (entry.error !== null) this.#changeRefusals.labels(entry.error).inc()
    this.#changes.add(entry)
  }

  /** A target of news is there: its counters begin. */
  newsTarget(target: string): void {
    for (const counter of [this.#newsSent, this.#newsFailed, this.#newsDropped]) counter.inc({ target }, 0)
  }

  newsSent(target: string): void {
    this.#newsSent.inc({ target })
  }

  newsFailed(target: string): void {
    this.#newsFailed.inc({ target })
  }

  newsDropped(target: string, count: number): void {
    this.#newsDropped.inc({ target }, count)
  }

  /** What is shown from now on; containers that are gone leave no series behind. */
  show(state: ShownState): void {
    this.#shown = state
  }

  #families(): MetricFamily[] {
    const { containers, installSize, deciding } = this.#shown
    const gauge = (name: string, help: string, value: (facts: ContainerFacts) => number | undefined): MetricFamily => ({
      name: `lxc_autoscale_container_${name}`,
      type: 'gauge',
      help,
      series: containers.map(facts => [labels({ vmid: facts.vmid }), value(facts)]),
    })
    const saved = ({ vmid, configured }: ContainerFacts) => savedOf(installSize(vmid), allocationBody(configured))
    return [
      ...decidingMetrics(deciding),
      ...this.#changes.metrics(containers.map(({ vmid }) => vmid)),
      gauge('cpu_cores', 'Cores that are configured for the container, by cores and cpulimit.', ({ configured }) =>
        givenCores(allocationBody(configured)),
      ),
      gauge('memory_bytes', 'Memory limit that is configured for the container.', ({ configured }) =>
        inBytes(configured.memoryMb),
      ),
      gauge(
        'saved_cpu_cores',
        'Cores that it had before the first change by the model, less those it has now.',
        facts => saved(facts).cores,
      ),
      gauge(
        'saved_memory_bytes',
        'Memory that it had before the first change by the model, less what it has now.',
        facts => inBytes(saved(facts).memoryMb),
      ),
    ]
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `lxc_autoscale_${name}`, help, labelNames, registers: [this.registry] })
  }

  /** It is what `read` gives at the time of a scrape. */
  #gauge(name: string, help: string, read: () => number): void {
    const registers = [this.registry]
    const gauge: Gauge = new Gauge({ name: `lxc_autoscale_${name}`, help, registers, collect: () => gauge.set(read()) })
  }
}

function decidingMetrics(deciding: DecidingVerdict | undefined): MetricFamily[] {
  const family = (name: string, help: string, series: MetricFamily['series']): MetricFamily => ({
    name: `lxc_autoscale_deciding${name}`,
    type: 'gauge',
    help,
    series: deciding === undefined ? [] : series,
  })
  const codes = new Set(deciding?.problems.map(({ code }) => code))
  return [
    family('', 'Whether the model decides, and its decisions have effect: 1.', [
      ['', Number(deciding?.state === 'deciding')],
    ]),
    family(
      '_state',
      '1 for the state that it is in: deciding; idle, as somebody set it so; or stuck.',
      DECIDING_STATES.map(state => [labels({ state }), Number(deciding?.state === state)]),
    ),
    family(
      '_problem',
      '1 for what keeps the model from deciding, or its decisions from having effect.',
      DECIDING_PROBLEMS.map(code => [labels({ code }), Number(codes.has(code))]),
    ),
  ]
}
