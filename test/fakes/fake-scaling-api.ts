import {
  AutoscaleError,
  type Clock,
  type HistoryEntryBody,
  NO_STEERING,
  type PastStep,
  pastBody,
  type SteeringBody,
  systemClock,
} from '@lxc-autoscale/core'
import type { ApiReply, ApiRequest, Transport } from '../../packages/model/src/client/transport.ts'
import { historyEntry } from '../builders/history-entry.ts'

/** One container as the fake API keeps it. */
export interface FakeContainer {
  cores: number | null
  cpulimit: number | null
  memory_mb: number | null
  swap_mb: number | null
  name: string
  status: 'running' | 'stopped' | 'unknown'
  lock: string | null
  ha_managed: boolean
  tags: string[]
  uptime_seconds: number | null
  least_memory_mb: number | null
  raw_limits: { cores: string | null; memory: string | null }
  steering: SteeringBody
}

type Answer = (request: ApiRequest) => ApiReply | undefined | Promise<ApiReply | undefined>

/** An API in memory that keeps to the contract, records each request, and can be told to misbehave. */
export class FakeScalingApi implements Transport {
  readonly containers = new Map<number, FakeContainer>()
  /** On which other node a container is. */
  readonly elsewhere = new Map<number, string>()
  /** Who could carry what has no room; empty without a cluster. */
  placement = ''
  readonly requests: ApiRequest[] = []
  readonly changes: { vmid: number; cores: number | null; memoryMb: number | null; atMs: number }[] = []
  /** What Proxmox has kept of a container; nothing unless a test says so. */
  readonly pasts = new Map<number, readonly PastStep[]>()
  readonly #answers = new Map<string, ApiReply>()
  /** Asked first; what it gives is the answer, `undefined` leaves it to the API. */
  misbehave: Answer = () => undefined
  /** The audit log, in the order in which changes ended. */
  readonly entries: HistoryEntryBody[] = []
  clock: Clock = systemClock
  inFlight = 0
  mostInFlight = 0

  add(vmid: number, container: Partial<FakeContainer> = {}): FakeContainer {
    const whole: FakeContainer = {
      cores: 2,
      cpulimit: null,
      memory_mb: 1_024,
      swap_mb: 512,
      name: `ct${vmid}`,
      status: 'running',
      lock: null,
      ha_managed: false,
      tags: [],
      uptime_seconds: 864_000,
      least_memory_mb: 332,
      raw_limits: { cores: null, memory: null },
      steering: NO_STEERING,
      ...container,
    }
    this.containers.set(vmid, whole)
    return whole
  }

  /** A person changes a container through the API. */
  changeByPerson(vmid: number, fields: Partial<FakeContainer>): void {
    this.#change(vmid, fields, { who: { key: 'anna', role: 'admin', address: '192.0.2.7' } })
  }

  /** A person gives a container more until then, or (null) it is given back. */
  boost(vmid: number, fields: Partial<FakeContainer>, until: string | null): void {
    this.#change(vmid, fields, { who: { key: 'anna', role: 'scale', address: '' }, boost: { until } })
  }

  /** The API takes back its newest change of a container, since it saw that it was too much. */
  takeBack(vmid: number): void {
    const undone = this.entries.findLast(entry => entry.lxc_id === vmid)
    const who = { key: 'lxc-autoscale', role: 'service', address: '' }
    this.#change(vmid, { ...(undone?.before as Partial<FakeContainer>) }, { who, undo_of: undone?.id ?? null })
  }

  /** The most changes by the model of a container within an hour, by a clock that nobody sets. */
  mostChangesInAnHour(vmid: number): number {
    const times = this.changes.filter(change => change.vmid === vmid).map(({ atMs }) => atMs)
    return Math.max(0, ...times.map(end => times.filter(time => time > end - 3_600_000 && time <= end).length))
  }

  posts(): ApiRequest[] {
    return this.requests.filter(({ method }) => method === 'POST')
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiReply> {
    this.requests.push(request)
    this.inFlight += 1
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
    try {
      await Promise.resolve()
      signal.throwIfAborted()
      return (await this.misbehave(request)) ?? this.answer(request)
    } finally {
      this.inFlight -= 1
    }
  }

  /** What the API answers when nothing is wrong with it. */
  answer(request: ApiRequest): ApiReply {
    const key = request.headers?.['idempotency-key']
    const stored = key === undefined ? undefined : this.#answers.get(key)
    if (stored !== undefined) return stored
    const reply = this.#route(request)
    if (key !== undefined) this.#answers.set(key, reply)
    return reply
  }

  #route({ method, path, body, headers }: ApiRequest): ApiReply {
    const { pathname, searchParams } = new URL(path, 'http://api')
    const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {}
    const vmid = Number(fields['lxc_id'])
    if (`${method} ${pathname}` === 'GET /resource/lxc/configs') {
      const containers = [...this.containers].map(([id, container]) => configBody(id, container))
      const asked = searchParams.get('lxc_ids')?.split(',').map(Number)
      if (asked === undefined) return success({ containers, failed: [] })
      const gone = asked.filter(id => !this.containers.has(id))
      const failed = gone.map(id => ({
        lxc_id: id,
        error: 'CONTAINER_NOT_FOUND',
        message: `container ${id}`,
        node: this.elsewhere.get(id),
      }))
      return success({ containers: containers.filter(({ lxc_id }) => asked.includes(Number(lxc_id))), failed })
    }
    if (`${method} ${pathname}` === 'GET /resource/cluster/placement') {
      const nobody = { candidates: [], moved_by_proxmox: false, command: null, caveats: [] }
      return success({ lxc_id: Number(searchParams.get('lxc_id')), node: 'a', ...nobody, text: this.placement })
    }
    if (`${method} ${pathname}` === 'GET /history') {
      const [skip, limit] = [Number(searchParams.get('skip') ?? 0), Number(searchParams.get('limit') ?? 100)]
      const entries = this.entries.toReversed().slice(skip, skip + limit)
      return success({ entries, caller: { key: 'model', role: 'scale' } })
    }
    if (`${method} ${pathname}` === 'GET /past') {
      const asked = Number(searchParams.get('lxc_id'))
      if (!this.containers.has(asked)) return failure(404, 'CONTAINER_NOT_FOUND', `no container ${asked}`)
      return success(pastBody(asked, this.pasts.get(asked) ?? []))
    }
    const container = this.containers.get(vmid)
    if (container === undefined) return failure(404, 'CONTAINER_NOT_FOUND', `no container ${vmid}`)
    if (`${method} ${pathname}` === 'POST /scale/resources')
      return this.#scale(vmid, fields, headers?.['idempotency-key'] ?? null)
    return failure(404, 'ROUTE_NOT_FOUND', `no route ${path}`)
  }

  #scale(vmid: number, fields: Record<string, unknown>, key: string | null): ApiReply {
    const container = this.containers.get(vmid) ?? this.add(vmid)
    const expected = fields['expected']
    if (typeof expected === 'object' && expected !== null && hasMoved(container, { ...expected })) {
      return failure(409, 'ALLOCATION_MOVED', 'it has another allocation')
    }
    if (container.lock !== null) return failure(423, 'CONTAINER_LOCKED', `CT is locked (${container.lock})`)
    const set: Partial<FakeContainer> = {
      ...(typeof fields['cores'] === 'number' ? { cores: fields['cores'] } : {}),
      ...(typeof fields['cpulimit'] === 'number' ? { cpulimit: fields['cpulimit'] } : {}),
      ...(typeof fields['memory'] === 'number' ? { memory_mb: fields['memory'] } : {}),
    }
    const { before, after } = this.#change(vmid, set, { idempotency_key: key })
    const changed = JSON.stringify(before) !== JSON.stringify(after)
    const { cores, memory_mb: memoryMb } = container
    if (changed) this.changes.push({ vmid, cores, memoryMb, atMs: this.clock.monotonicMs() })
    return success({ lxc_id: vmid, before, after, changed })
  }

  #change(vmid: number, fields: Partial<FakeContainer>, entry: Partial<HistoryEntryBody>): HistoryEntryBody {
    const container = this.containers.get(vmid) ?? this.add(vmid)
    const before = allocation(container)
    Object.assign(container, fields)
    const after = allocation(container)
    const written = historyEntry({
      id: `00000000-0000-4000-8000-${String(this.entries.length).padStart(12, '0')}`,
      time: new Date(this.clock.nowMs()).toISOString(),
      boot: this.clock.sinceBoot(),
      duration_seconds: 0,
      lxc_id: vmid,
      before,
      after,
      outcome: JSON.stringify(before) === JSON.stringify(after) ? 'unchanged' : 'applied',
      ...entry,
    })
    this.entries.push(written)
    return written
  }
}

function hasMoved(container: FakeContainer, expected: Record<string, unknown>): boolean {
  const now: Record<string, unknown> = {
    cores: container.cores,
    cpulimit: container.cpulimit,
    memory: container.memory_mb,
  }
  return Object.entries(expected).some(([name, value]) => value !== undefined && value !== now[name])
}

function allocation({ cores, cpulimit, memory_mb, swap_mb }: FakeContainer) {
  return { cores, cpulimit, memory_mb, swap_mb }
}

export function configBody(vmid: number, container: FakeContainer): Record<string, unknown> {
  return {
    ...allocation(container),
    lxc_id: vmid,
    vm_id: vmid,
    name: container.name,
    status: container.status,
    in_force: allocation(container),
    lock: container.lock,
    ha_managed: container.ha_managed,
    template: false,
    tags: container.tags,
    uptime_seconds: container.uptime_seconds,
    least_memory_mb: container.least_memory_mb,
    raw_limits: container.raw_limits,
    steering: container.steering,
  }
}

export function reply(status: number, body: unknown): ApiReply {
  return { status, body, retryAfterMs: undefined }
}

export function success(data: unknown): ApiReply {
  return reply(200, { status: 'success', message: 'ok', data })
}

export function failure(status: number, error: string, message: string): ApiReply {
  return reply(status, { status: 'error', error, message })
}

export function unreachable(message = 'connect ECONNREFUSED 127.0.0.1:5000'): AutoscaleError {
  return new AutoscaleError('SCALING_API_UNREACHABLE', message)
}
