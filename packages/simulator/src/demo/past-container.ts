import { randomUUID } from 'node:crypto'
import {
  type AllocationBody,
  type ContainerSample,
  changeKey,
  formatTime,
  type HistoryEntryBody,
  MS_PER_HOUR,
  MS_PER_SECOND,
} from '@lxc-autoscale/core'
import { type Allocation, type ContainerSizer, type Decision, isChange, type LocalSample } from '@lxc-autoscale/model'
import { workloadOf } from '../create-host.ts'
import type { ContainerState } from '../engine/container-state.ts'
import { stepContainer } from '../engine/step-container.ts'
import { memoryConstraints } from '../kernel/memory-constraints.ts'
import { EMPTY_MEMORY } from '../kernel/memory-state.ts'
import { NO_TRAFFIC } from '../kernel/net-dev.ts'
import { NO_PRESSURE } from '../kernel/pressure.ts'
import { NO_EVENTS } from '../kernel/reclaim.ts'
import { type DemandSource, demandSource } from '../workload/workload-source.ts'
import { MODEL } from './decision.ts'
import type { DemoContainer } from './demo-containers.ts'
import { type Size, sampleOf } from './sample-of.ts'

/** Of a container that has just been started. */
const NEW: ContainerState = {
  cpu: { userUsec: 0, systemUsec: 0, periods: 0, throttledPeriods: 0, throttledUsec: 0 },
  cpuPressure: NO_PRESSURE,
  memory: EMPTY_MEMORY,
  memoryEvents: NO_EVENTS,
  innerEvents: NO_EVENTS,
  memoryPressure: NO_PRESSURE,
  peakBytes: 0,
  pageFaults: 0,
  disk: { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 },
  diskPressure: NO_PRESSURE,
  traffic: NO_TRAFFIC,
}
/** What a smaller limit must leave above what cannot be given up: the default of the API. */
const MARGIN = { mb: 32, share: 0.05 }
/** How long `pct set` takes, about. */
const CHANGE_SECONDS = 1.3

/** One moment of the past, by the clock of the host and by local time. */
export interface PastMoment {
  readonly timeMs: number
  readonly localTimeMs: number
}

/** Who changed a container in the past. */
type By = Pick<HistoryEntryBody, 'who' | 'why' | 'idempotency_key'>

export interface PastContainerInput {
  readonly container: DemoContainer
  readonly hostSeed: number
  readonly sizer: ContainerSizer
  /** When the past ends and the demo begins. */
  readonly endMs: number
  /** Names the process of the model that looked after it. */
  readonly runName: string
}

/** A container before the demo began: what its load did to it, what the model made of it, and a change by a person. */
export class PastContainer {
  readonly vmid: number
  readonly processes: number
  /** When it was made. */
  readonly bornMs: number
  readonly sizer: ContainerSizer
  readonly #input: PastContainerInput
  readonly #demand: DemandSource
  #size: Size
  #state = NEW
  #isGiven = false
  #sample: LocalSample | undefined
  readonly changes: HistoryEntryBody[] = []

  constructor(input: PastContainerInput) {
    const { container, hostSeed, sizer, endMs } = input
    const { vmid, cores, memoryMb, past } = container
    const phaseSeconds = secondsOfDay(endMs)
    const load = { phaseSeconds, ...past.load }
    const workload = workloadOf({ ...container, shape: past.shape, load, cores, memoryMb }, hostSeed)
    this.vmid = vmid
    this.processes = workload.processes
    this.bornMs = past.hours === undefined ? Number.NEGATIVE_INFINITY : endMs - past.hours * MS_PER_HOUR
    this.sizer = sizer
    this.#input = input
    this.#demand = demandSource(workload)
    this.#size = { cores, memoryMb }
  }

  /** What it has now. */
  get size(): Size {
    return this.#size
  }

  /** What its kernel files show now. */
  get state(): ContainerState {
    return this.#state
  }

  /** Lets time pass until `moment`; gives what the monitor sees then. */
  step({ timeMs, localTimeMs }: PastMoment, elapsedMs: number): ContainerSample {
    const { cores, memoryMb } = this.#size
    const { maxBytes, highBytes } = memoryConstraints(memoryMb)
    const before = this.#state
    this.#state = stepContainer(before, {
      elapsedMs,
      demand: this.#demand({ seconds: (timeMs - this.#input.endMs) / MS_PER_SECOND, sinceStartSeconds: 0 }),
      cpu: { cpusetCores: cores, quotaCores: Number.POSITIVE_INFINITY, grantedCores: Number.POSITIVE_INFINITY },
      limits: { max: maxBytes, high: highBytes, swapMax: 0 },
      innerKills: 0,
    })
    const look = { timestampMs: timeMs, elapsedMs, before, now: this.#state, size: this.#size }
    const sample = sampleOf({ ...look, processes: this.processes })
    this.#sample = { ...sample, localTimeMs }
    return sample
  }

  /** The model learns what the monitor saw last. */
  learn(): void {
    if (this.#sample !== undefined) this.sizer.observe(this.#sample)
  }

  /** A person gives it what it is to be given, once that is due. */
  give(nowMs: number): void {
    const { given } = this.#input.container.past
    const atMs = this.#input.endMs - (given?.agoMs ?? 0)
    if (given === undefined || this.#isGiven || nowMs < atMs) return
    this.#isGiven = true
    const before = this.#size
    const { cores, memoryMb, why } = given
    this.#set({ cores, memoryMb }, atMs, { ...byPerson, why })
    this.sizer.note({ by: 'person', atMs, endMs: atMs, before, after: this.#size })
  }

  /** The model decides, and what it decides is done. */
  decide({ timeMs, localTimeMs }: PastMoment, elapsedMs: number): void {
    const decision = this.sizer.decide({
      nowMs: timeMs,
      localTimeMs,
      allocation: this.#size,
      maxDataAgeMs: 3 * elapsedMs,
      isRunning: true,
      lock: '',
      isMigrating: false,
      uptimeMs: undefined,
      leastMemoryMb: leastMemoryMb(this.#sample?.memoryFloorMb ?? 0),
      rawCores: undefined,
      rawMemory: undefined,
      verdict: undefined,
      implausible: undefined,
    })
    if (!isChange(decision)) return
    const key = changeKey(this.#input.runName, this.vmid, timeMs)
    const why = whyOf(decision)
    this.#set(sizeOf(decision.to, this.#size), timeMs, { ...byModel, why, idempotency_key: key })
    this.sizer.applied(this.#size, timeMs, key)
  }

  #set(after: Size, atMs: number, by: By): void {
    const { hostname } = this.#input.container
    const before = this.#size
    this.#size = after
    const asked = {
      lxc_id: this.vmid,
      ...(after.cores === before.cores ? {} : { cores: after.cores }),
      ...(after.memoryMb === before.memoryMb ? {} : { memory: after.memoryMb }),
    }
    const words = [
      ...(after.cores === before.cores ? [] : [after.cores === 1 ? '1 core' : `${after.cores} cores`]),
      ...(after.memoryMb === before.memoryMb ? [] : [`${after.memoryMb} MB`]),
    ]
    this.changes.push({
      id: randomUUID(),
      time: formatTime(atMs),
      action: 'scale',
      lxc_id: this.vmid,
      name: hostname,
      asked,
      before: bodyOf(before),
      after: bodyOf(after),
      force: false,
      outcome: 'applied',
      error: null,
      message: `container ${this.vmid} has ${words.join(' and ')} now`,
      undo_of: null,
      duration_seconds: CHANGE_SECONDS,
      ...by,
    })
  }
}

/** By whom the changes of the past were made. */
export const PERSON = 'anna'
const byModel = { who: { key: MODEL, role: 'scale', address: '127.0.0.1' } } as const
const byPerson = { who: { key: PERSON, role: 'scale', address: '127.0.0.1' }, idempotency_key: null } as const

function bodyOf({ cores, memoryMb }: Size): AllocationBody {
  return { cores, cpulimit: null, memory_mb: memoryMb, swap_mb: 0 }
}

function sizeOf({ cores, memoryMb }: Allocation, had: Size): Size {
  return { cores: Math.round(cores ?? had.cores), memoryMb: Math.round(memoryMb ?? had.memoryMb) }
}

function whyOf({ reasons }: Decision): string {
  return reasons
    .map(({ text }) => text)
    .join('; ')
    .slice(0, 500)
}

function leastMemoryMb(floorMb: number): number {
  return Math.ceil(floorMb + Math.max(MARGIN.mb, MARGIN.share * floorMb))
}

/** Since midnight, local time. */
function secondsOfDay(timeMs: number): number {
  const date = new Date(timeMs)
  return (date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds()
}
