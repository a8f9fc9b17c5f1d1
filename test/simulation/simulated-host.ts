import type { ContainerSample } from '@lxc-autoscale/core'
import { FakeClock } from '../fakes/fake-clock.ts'
import type { FakeState } from '../fakes/fake-model.ts'
import { FakeModel } from '../fakes/fake-model.ts'
import { FakeScalingApi } from '../fakes/fake-scaling-api.ts'

/** What a container would use if nothing limited it, at a time of the simulation. */
export interface Demand {
  readonly cores: number
  readonly memoryMb: number
}

export interface SimulatedContainer {
  readonly vmid: number
  readonly cores?: number
  readonly memoryMb?: number
  readonly tags?: string[]
  /** @param minutes since the simulation began */
  demand(minutes: number): Demand
}

export interface SimulatedHostOptions {
  readonly containers: readonly SimulatedContainer[]
  readonly cores?: number
  readonly memoryMb?: number
  /** As in lxc_autoscale_ml.yaml. */
  readonly config?: Record<string, unknown>
  /** When it begins; a Monday unless told otherwise. */
  readonly startMs?: number
}

const SAMPLE_MS = 10_000
const CYCLE_MS = 60_000

/** A host whose containers use what they are allowed of what they want, measured every 10 s and sized every minute by the real model. */
export class SimulatedHost {
  readonly clock: FakeClock
  readonly api = new FakeScalingApi()
  readonly #options: SimulatedHostOptions
  readonly #startMs: number
  model: FakeModel
  oomKills = 0
  /** Minutes in which a container wanted more cores than it had. */
  throttledMinutes = 0
  isMonitorRunning = true

  constructor(options: SimulatedHostOptions) {
    this.#options = options
    this.#startMs = options.startMs ?? Date.UTC(2026, 0, 5)
    this.clock = new FakeClock(this.#startMs)
    for (const { vmid, cores = 2, memoryMb = 1_024, tags = [] } of options.containers) {
      this.api.add(vmid, { cores, memory_mb: memoryMb, tags })
    }
    this.model = this.#newModel()
  }

  get minutes(): number {
    return (this.clock.nowMs() - this.#startMs) / 60_000
  }

  allocation(vmid: number): { cores: number; memoryMb: number } {
    const container = this.api.containers.get(vmid)
    return { cores: container?.cores ?? 0, memoryMb: container?.memory_mb ?? 0 }
  }

  /** Lets time pass; `each` sees every minute. */
  async run(minutes: number, each: () => void = () => undefined): Promise<void> {
    const endMs = this.clock.nowMs() + minutes * 60_000
    while (this.clock.nowMs() < endMs) {
      for (let passedMs = 0; passedMs < CYCLE_MS; passedMs += SAMPLE_MS) {
        await this.clock.advance(SAMPLE_MS)
        if (this.isMonitorRunning) this.#measure()
      }
      await this.model.run()
      each()
    }
  }

  /** The model is stopped and started again. */
  async restart(): Promise<void> {
    await this.model.cycle.save()
    this.model = this.#newModel(this.model.state)
  }

  /** The model is killed and started again: it knows what was saved last. */
  kill(): void {
    this.model = this.#newModel(this.model.state)
  }

  #newModel(state?: FakeState): FakeModel {
    const { config = {} } = this.#options
    return new FakeModel({
      clock: this.clock,
      api: this.api,
      ...(state === undefined ? {} : { state }),
      config,
      hasRealPolicies: true,
    })
  }

  #measure(): void {
    const { containers, cores = 16, memoryMb = 65_536 } = this.#options
    const samples = containers.map(container => this.#sample(container))
    const usedMb = samples.reduce((sum, [, { memoryUsageMb = 0 }]) => sum + memoryUsageMb, 0)
    this.model.measure(Object.fromEntries(samples), {
      hostCores: cores,
      hostMemoryMb: memoryMb,
      hostMemoryAvailableMb: memoryMb - usedMb,
    })
  }

  #sample({ vmid, demand }: SimulatedContainer): [number, Partial<ContainerSample>] {
    const { cores, memoryMb } = this.allocation(vmid)
    const wanted = demand(this.minutes)
    const isKilled = wanted.memoryMb > memoryMb
    if (isKilled) this.oomKills += 1
    const used = Math.min(wanted.cores, cores)
    if (wanted.cores > cores) this.throttledMinutes += SAMPLE_MS / 60_000
    const memoryUsageMb = Math.min(wanted.memoryMb, memoryMb)
    const memoryFloorMb = memoryUsageMb * 0.8
    Object.assign(this.api.containers.get(vmid) ?? {}, {
      least_memory_mb: Math.ceil(Math.max(memoryFloorMb + 32, memoryFloorMb * 1.05)),
    })
    return [
      vmid,
      {
        cpuCores: cores,
        cpuCoresUsed: used,
        cpuUsagePercent: (used / cores) * 100,
        cpuThrottledPercent: 0,
        memoryLimitMb: memoryMb,
        memoryUsageMb,
        memoryFloorMb,
        memoryEvents: { high: 0, max: 0, oomKill: isKilled ? 1 : 0, innerMax: 0, innerOomKill: 0 },
      },
    ]
  }
}
