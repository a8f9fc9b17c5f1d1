import { Counter, Gauge, Histogram, type HistoryEntryBody, MS_PER_SECOND, Registry } from '@lxc-autoscale/core'
import type { ContainerFacts } from './host/container-facts.ts'
import { asObject } from './json-object.ts'
import type { ContainerQueue } from './pct/container-queue.ts'
import type { CommandReport } from './pct/pct-cli.ts'

/** One answered request. */
export interface AnsweredRequest {
  readonly method: string
  /** The route as it was registered, so that there are as many as routes. */
  readonly endpoint: string
  readonly status: number
  readonly durationMs: number
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const PCT_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800]

/** What a container that does not exist stands under, so that nobody can make labels up. */
const NO_CONTAINER = 'none'

/** The metrics of the API. Names and labels of the first six are those of the Python predecessor. */
export class ApiTelemetry {
  readonly registry = new Registry()
  readonly #requests = this.#counter('api_requests_total', 'HTTP requests answered.', ['method', 'endpoint', 'status'])
  readonly #seconds = new Histogram({
    name: 'lxc_autoscale_api_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'endpoint'],
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  })
  readonly #actions = this.#counter('scaling_actions_total', 'Changes of a resource that were made.', [
    'container_id',
    'resource',
    'action',
  ])
  readonly #failures = this.#counter(
    'scaling_failures_total',
    'Changes of a resource that were asked for and not made.',
    ['container_id', 'resource', 'reason'],
  )
  readonly #cores = this.#gauge('container_cpu_cores', 'Cores that are configured for the container.', ['container_id'])
  readonly #memory = this.#gauge(
    'container_memory_mb',
    'Memory limit that is configured for the container, MB (2^20 bytes).',
    ['container_id'],
  )
  readonly #refusals = this.#counter('api_refusals_total', 'Requests that were refused, by error code.', ['reason'])
  readonly #pctSeconds = new Histogram({
    name: 'lxc_autoscale_api_pct_duration_seconds',
    help: 'Wall time of the commands of Proxmox.',
    labelNames: ['command', 'outcome'],
    buckets: PCT_SECONDS,
    registers: [this.registry],
  })

  readonly #newsSent = this.#counter('api_news_sent_total', 'Messages that were sent to people.', ['target'])
  readonly #newsFailed = this.#counter('api_news_failed_total', 'Attempts to send people a message that failed.', [
    'target',
  ])
  readonly #newsDropped = this.#counter(
    'api_news_dropped_total',
    'News that stand in no message but as a count, since there were too many.',
    ['target'],
  )

  constructor(queue: ContainerQueue) {
    this.#gauge('api_queue_length', 'Changes that wait for their turn.', [], () => queue.waiting)
    this.#gauge('api_queue_running', 'Changes that are being made.', [], () => queue.running)
    this.#gauge('api_resident_memory_bytes', 'Resident memory of the daemon.', [], () => process.memoryUsage.rss())
  }

  request({ method, endpoint, status, durationMs }: AnsweredRequest): void {
    this.#requests.labels(method, endpoint, String(status)).inc()
    this.#seconds.labels(method, endpoint).observe(durationMs / MS_PER_SECOND)
  }

  refused(code: string): void {
    this.#refusals.labels(code).inc()
  }

  command({ command, durationMs, outcome }: CommandReport): void {
    this.#pctSeconds.labels(`${command.program} ${command.args[0] ?? ''}`, outcome).observe(durationMs / MS_PER_SECOND)
  }

  change({ action, lxc_id, asked, before, after, outcome, error }: HistoryEntryBody): void {
    const exists = error !== 'CONTAINER_NOT_FOUND'
    for (const resource of resourcesOf(action, asked)) {
      if (outcome === 'applied') {
        this.#actions.labels(String(lxc_id), resource, directionOf(resource, before, after) ?? action).inc()
      } else if (outcome !== 'unchanged') {
        this.#failures.labels(exists ? String(lxc_id) : NO_CONTAINER, resource, error ?? outcome).inc()
      }
    }
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

  /** What the containers have at the time of a scrape; those that are gone leave no series behind. */
  containers(containers: readonly ContainerFacts[]): void {
    this.#cores.reset()
    this.#memory.reset()
    for (const { vmid, configured } of containers) {
      if (configured.cores !== undefined) this.#cores.labels(String(vmid)).set(configured.cores)
      if (configured.memoryMb !== undefined) this.#memory.labels(String(vmid)).set(configured.memoryMb)
    }
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `lxc_autoscale_${name}`, help, labelNames, registers: [this.registry] })
  }

  /** With `read` the gauge is what it gives at the time of a scrape. */
  #gauge<Label extends string>(name: string, help: string, labelNames: Label[], read?: () => number): Gauge<Label> {
    const collect = read && { collect: () => gauge.set(read()) }
    const gauge: Gauge<Label> = new Gauge({
      name: `lxc_autoscale_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      ...collect,
    })
    return gauge
  }
}

function resourcesOf(action: string, asked: Readonly<Record<string, unknown>>): string[] {
  if (action !== 'scale') return [action.split('-')[0] ?? action]
  return [
    ...(asked['cores'] === undefined && asked['cpulimit'] === undefined ? [] : ['cpu']),
    ...(asked['memory'] === undefined ? [] : ['memory']),
  ]
}

/** Whether a resource grew or shrank; undefined when that cannot be told. */
function directionOf(resource: string, before: unknown, after: unknown): string | undefined {
  const keys = resource === 'cpu' ? ['cores', 'cpulimit'] : ['memory_mb']
  for (const key of keys) {
    const [from, to] = [figure(before, key), figure(after, key)]
    if (from !== undefined && to !== undefined && from !== to) return to > from ? 'scale_up' : 'scale_down'
  }
  return undefined
}

function figure(body: unknown, key: string): number | undefined {
  const value = asObject(body)?.[key]
  return typeof value === 'number' ? value : undefined
}
