import type { ContainerSample } from '@lxc-autoscale/core'
import type { ConfiguredAllocation } from '../client/allocation-change.ts'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { ContainerConfig } from '../client/container-config.ts'
import type { Decision, Verdict } from '../policy/decision.ts'
import type { ContainerIdentity, HostCapacity, Sizer, Sizing } from '../ports.ts'
import type { SavedSizer, SavedSizers } from '../state/sizer-state.ts'
import { observationOf } from './observation.ts'
import { type SpikeSettings, SpikeWatch } from './spike-watch.ts'

/** The last change of a container that was sent. */
export interface LastChange {
  readonly atMs: number
  readonly decision: Decision
  readonly outcome: ApplyOutcome
}

/** What the model keeps of one container between cycles, beside its history. */
export interface TrackedContainer {
  readonly vmid: number
  readonly sizer: Sizer
  readonly spikes: SpikeWatch
  newestMs: number
  identity: ContainerIdentity
  /** As the API said in this cycle; undefined when it is not known, and then nothing is done. */
  configured: ConfiguredAllocation | undefined
  /** Why nothing can be decided; undefined when something can. */
  problem: string | undefined
  decision: Decision | undefined
  /** The verdict that the decision was made with. */
  verdict: Verdict | undefined
  lastChange: LastChange | undefined
  /** The recommended size that was logged last. */
  recommended: string
}

export interface FleetOptions {
  readonly sizing: Sizing
  readonly spikes: SpikeSettings
  readonly saved: ReadonlyMap<number, SavedSizer>
}

const UNKNOWN_HOST: HostCapacity = { cores: undefined, memoryMb: undefined, memoryAvailableMb: undefined }

/** All containers, each with its sizer. */
export class Fleet {
  readonly #containers = new Map<number, TrackedContainer>()
  readonly #saved: Map<number, SavedSizer>
  readonly #spikes: SpikeSettings
  readonly #sizing: Sizing
  #host: HostCapacity

  constructor({ sizing, spikes, saved }: FleetOptions) {
    this.#sizing = sizing
    this.#spikes = spikes
    this.#saved = new Map(saved)
    this.#host = sizing.hostCapacity(UNKNOWN_HOST)
  }

  get host(): HostCapacity {
    return this.#host
  }

  containers(): Iterable<TrackedContainer> {
    return this.#containers.values()
  }

  get(vmid: number): TrackedContainer | undefined {
    return this.#containers.get(vmid)
  }

  vmids(): number[] {
    return [...this.#containers.keys()]
  }

  get size(): number {
    return this.#containers.size
  }

  /** Learns `sample` unless it is known already. */
  observe(vmid: number, sample: ContainerSample): void {
    const container = this.#containers.get(vmid) ?? this.#add(vmid)
    if (sample.timestampMs <= container.newestMs) return
    container.newestMs = sample.timestampMs
    container.spikes.observe(sample)
    container.sizer.observe(observationOf(sample))
  }

  /** The host has this size now; sizers whose limits depend on it are told. */
  setHost(measured: HostCapacity): void {
    const host = this.#sizing.hostCapacity(measured)
    const hasOtherSize = host.cores !== this.#host.cores || host.memoryMb !== this.#host.memoryMb
    this.#host = host
    if (!hasOtherSize) return
    for (const { sizer, identity } of this.#containers.values()) sizer.identify(identity, host)
  }

  /** Names and tags may have changed; the sizers of those that did are told. */
  identify({ vmid, name, tags }: ContainerConfig): void {
    const container = this.#containers.get(vmid)
    if (container === undefined) return
    const { identity } = container
    if (identity.name === name && identity.tags.join() === tags.join()) return
    container.identity = { vmid, name, tags }
    container.sizer.identify(container.identity, this.#host)
  }

  /** The configuration may give every container other settings now. */
  identifyAll(): void {
    this.#host = this.#sizing.hostCapacity(this.#host)
    for (const { sizer, identity } of this.#containers.values()) sizer.identify(identity, this.#host)
  }

  forget(vmids: Iterable<number>): void {
    for (const vmid of vmids) {
      this.#containers.delete(vmid)
      this.#saved.delete(vmid)
    }
  }

  /** Drops saved containers that were not seen again since `oldestMs`. */
  forgetSavedBefore(oldestMs: number): void {
    for (const [vmid, { newestMs }] of this.#saved) if (newestMs < oldestMs) this.#saved.delete(vmid)
  }

  /** What is to be saved, also of containers that have not been seen again yet; each made when it is asked for. */
  states(): SavedSizers {
    const saved = this.#saved
    const containers = this.#containers
    return {
      size: saved.size + containers.size,
      *[Symbol.iterator]() {
        yield* saved
        for (const [vmid, { newestMs, sizer }] of containers) yield [vmid, { newestMs, sizer: sizer.serialise() }]
      },
    }
  }

  #add(vmid: number): TrackedContainer {
    const saved = this.#saved.get(vmid)
    this.#saved.delete(vmid)
    const identity: ContainerIdentity = { vmid, name: undefined, tags: [] }
    const container: TrackedContainer = {
      vmid,
      sizer: this.#sizing.newSizer(identity, this.#host, saved?.sizer),
      spikes: new SpikeWatch(this.#spikes),
      newestMs: saved?.newestMs ?? Number.NEGATIVE_INFINITY,
      identity,
      configured: undefined,
      problem: undefined,
      decision: undefined,
      verdict: undefined,
      lastChange: undefined,
      recommended: '',
    }
    this.#containers.set(vmid, container)
    return container
  }
}
