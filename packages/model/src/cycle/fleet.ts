import type { ContainerSample, ContainerStatus, Mode, PastStep } from '@lxc-autoscale/core'
import type { HostSize, NewSample } from '@lxc-autoscale/host'
import type { ConfiguredAllocation } from '../client/allocation-change.ts'
import type { ApplyOutcome } from '../client/apply-outcome.ts'
import type { ContainerConfig } from '../client/container-config.ts'
import type { ModelConfig } from '../config.ts'
import { type ContainerSettings, containerSettings } from '../policy/container-settings.ts'
import { ContainerSizer, type ContainerSizerInput } from '../policy/container-sizer.ts'
import type { Allocation, Decision, LocalSample, Verdict } from '../policy/decision.ts'
import type { PastChange } from '../policy/past-change.ts'
import { type Sharer, shareHost } from '../policy/share-host.ts'
import type { LoadedSizers, SavedSizer, SavedSizers } from '../state/sizer-state.ts'
import { allocationOf } from './allocation.ts'
import { localTimeMs } from './local-time.ts'
import type { SteadyTime } from './steady-time.ts'

/** By what a container is known to the administrator; tiers and tags go by it. */
export interface ContainerIdentity {
  readonly vmid: number
  readonly name: string | undefined
  readonly tags: readonly string[]
}

/** What the configuration says of sizes. */
export type SizingConfig = Pick<ModelConfig, 'scaling' | 'tiers' | 'schedules' | 'ignore_lxc'>

/** The last change of a container that was sent. */
export interface LastChange {
  readonly atMs: number
  readonly decision: Decision
  readonly outcome: ApplyOutcome
}

/** What the model keeps of one container between cycles, beside its history. */
export interface TrackedContainer {
  readonly vmid: number
  readonly sizer: ContainerSizer
  /** Mark of the newest sample that its sizer has learned, in an earlier process too. */
  newestMs: number
  /** The newest sample; undefined until this process has seen one that is new. */
  newest: ContainerSample | undefined
  /** Why the sample after it cannot be true; undefined when there is none. */
  implausible: string | undefined
  /** One such sample was logged. */
  hasExample: boolean
  identity: ContainerIdentity
  /** As the API said in this cycle; undefined when it is not known, and then nothing is done. */
  configured: ConfiguredAllocation | undefined
  /** Why nothing can be decided; undefined when something can. */
  problem: string | undefined
  /** The API does not name it any more, and was asked where it is. */
  isSearched: boolean
  /** Until when a person wants it to be left alone, by the clock; `Infinity`: until that is ended. */
  pausedUntilMs: number | undefined
  decision: Decision | undefined
  /** The verdict that the decision was made with. */
  verdict: Verdict | undefined
  lastChange: LastChange | undefined
  /** The newest samples that saw a process killed, oldest first. */
  kills: ContainerStatus['kills']
  /** The recommended size that was logged last. */
  recommended: string
}

export interface FleetOptions {
  readonly config: SizingConfig
  /** The host as this process sees it, where the metrics file does not tell. */
  readonly hostSize: HostSize
  readonly saved: Omit<LoadedSizers, 'moment'>
  readonly time: Pick<SteadyTime, 'nowMs' | 'ofClock'>
  /** The policies of a container; only a test has others. */
  readonly policiesOf?: (vmid: number) => ContainerSizerInput['policies']
}

const UNKNOWN_HOST: HostSize = { cores: undefined, memoryMb: undefined, memoryAvailableMb: undefined }

/** All containers, each with its sizer. */
export class Fleet {
  readonly #containers = new Map<number, TrackedContainer>()
  readonly #options: FleetOptions
  readonly #saved: Map<number, SavedSizer>
  readonly #startedMs: number
  /** Changes of containers that have not been met, by container. */
  readonly #untold = new Map<number, PastChange[]>()
  #config: SizingConfig
  /** The modes that a person has ordered. */
  readonly #modes = new Map<number, Mode>()
  #host: HostSize

  constructor(options: FleetOptions) {
    this.#options = options
    this.#saved = new Map(options.saved.sizers)
    this.#startedMs = options.time.nowMs()
    this.#config = options.config
    this.#host = this.#capacity(UNKNOWN_HOST)
  }

  get host(): HostSize {
    return this.#host
  }

  containers(): Iterable<TrackedContainer> {
    return this.#containers.values()
  }

  get(vmid: number): TrackedContainer | undefined {
    return this.#containers.get(vmid)
  }

  get size(): number {
    return this.#containers.size
  }

  /** This container is there, whether or not anything new is known of it. */
  meet(vmid: number): TrackedContainer {
    return this.#containers.get(vmid) ?? this.#add(vmid)
  }

  observe({ vmid, sample, timeMs, markMs, isAfterGap }: NewSample): void {
    const container = this.meet(vmid)
    container.newestMs = markMs
    container.newest = sample
    container.implausible = undefined
    const kills = withKills(container.kills, sample)
    // Only of a kill it matters when it became known.
    const learnedMs = kills === container.kills ? timeMs : this.#options.time.nowMs()
    container.kills = kills
    container.sizer.observe(localSample(sample, timeMs, isAfterGap), learnedMs)
  }

  /** What Proxmox has kept of a container that wants it. */
  learnPast(vmid: number, steps: readonly PastStep[]): void {
    const { time } = this.#options
    const timesOf = (clockMs: number) => ({ timestampMs: time.ofClock(clockMs), localTimeMs: localTimeMs(clockMs) })
    this.#containers.get(vmid)?.sizer.learnPast({ steps, timesOf })
  }

  /** A change was made, by us or somebody else. Each is told once, the older first. */
  note(change: PastChange & { readonly vmid: number }): void {
    const container = this.#containers.get(change.vmid)
    if (container !== undefined) container.sizer.note(change)
    else this.#untold.set(change.vmid, [...(this.#untold.get(change.vmid) ?? []), change])
  }

  /** The host has this size now; sizers whose limits depend on it are told. */
  setHost(measured: HostSize): void {
    const host = this.#capacity(measured)
    const hasOtherSize = host.cores !== this.#host.cores || host.memoryMb !== this.#host.memoryMb
    this.#host = host
    if (hasOtherSize) this.#configureAll()
  }

  /** Names and tags may have changed; the sizers of those that did are told. */
  identify({ vmid, name, tags }: ContainerConfig): void {
    const container = this.#containers.get(vmid)
    if (container === undefined) return
    const { identity } = container
    if (identity.name === name && identity.tags.join() === tags.join()) return
    container.identity = { vmid, name, tags }
    container.sizer.configure(this.#settings(container.identity))
  }

  /** Another configuration from now on; what was learned stays. */
  configure(config: SizingConfig): void {
    this.#config = config
    this.#host = this.#capacity(this.#host)
    this.#configureAll()
  }

  /** The modes that a person has ordered for these containers; the sizers of those whose mode is another one are told. */
  order(configs: Iterable<Pick<ContainerConfig, 'vmid' | 'steering'>>): void {
    for (const { vmid, steering } of configs) {
      const { mode, problem } = steering
      if (problem !== undefined || this.#modes.get(vmid) === mode) continue
      if (mode === undefined) this.#modes.delete(vmid)
      else this.#modes.set(vmid, mode)
      const container = this.#containers.get(vmid)
      container?.sizer.configure(this.#settings(container.identity))
    }
  }

  /** What `configured` allows a container, as its policy counts it. */
  allocationOf({ sizer }: TrackedContainer, configured: ConfiguredAllocation): Allocation {
    return allocationOf(configured, { cpuUnit: sizer.settings.scaling.cpu_unit, hostCores: this.#host.cores })
  }

  /** The decisions as the host can carry them, in the same order. */
  shareHost(decisions: readonly Decision[]): readonly Decision[] {
    const { host_memory_reserve_mb: memoryReserveMb, host_cpu_reserve_percent: cpuReservePercent } =
      this.#config.scaling
    const sharers = new Map(decisions.map(({ vmid }) => [vmid, this.#sharer(vmid)]))
    return shareHost({ decisions, host: { ...this.#host, memoryReserveMb, cpuReservePercent }, sharers })
  }

  forget(vmids: Iterable<number>): void {
    for (const vmid of vmids) {
      this.#containers.delete(vmid)
      this.#saved.delete(vmid)
      this.#modes.delete(vmid)
    }
  }

  /**
   * How much has happened that must not be lost: containers that were met, truces and quarantines that began. What came after
   * a save makes it larger.
   */
  get momentous(): number {
    return [...this.#containers.values()].reduce((sum, { sizer }) => sum + 1 + sizer.holdsBegun, 0)
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
      sizer: new ContainerSizer({
        vmid,
        settings: this.#settings(identity),
        saved: saved?.sizer,
        createdMs: this.#startedMs,
        isLost: saved === undefined && this.#options.saved.isLost,
        policies: this.#options.policiesOf?.(vmid),
      }),
      newestMs: saved?.newestMs ?? Number.NEGATIVE_INFINITY,
      newest: undefined,
      implausible: undefined,
      hasExample: false,
      identity,
      configured: undefined,
      isSearched: false,
      pausedUntilMs: undefined,
      problem: undefined,
      decision: undefined,
      verdict: undefined,
      lastChange: undefined,
      kills: [],
      recommended: '',
    }
    this.#containers.set(vmid, container)
    for (const change of this.#untold.get(vmid) ?? []) container.sizer.note(change)
    this.#untold.delete(vmid)
    return container
  }

  #configureAll(): void {
    for (const { sizer, identity } of this.#containers.values()) sizer.configure(this.#settings(identity))
  }

  #settings(identity: ContainerIdentity): ContainerSettings {
    const { scaling, tiers, schedules, ignore_lxc: ignoreLxc } = this.#config
    const orderedMode = this.#modes.get(identity.vmid)
    return containerSettings({ ...identity, scaling, tiers, schedules, ignoreLxc, orderedMode, host: this.#host })
  }

  #capacity(measured: HostSize): HostSize {
    const { hostSize } = this.#options
    const { total_cores: cores, total_ram_mb: memoryMb } = this.#config.scaling
    return {
      cores: cores ?? measured.cores ?? hostSize.cores,
      memoryMb: memoryMb ?? measured.memoryMb ?? hostSize.memoryMb,
      memoryAvailableMb: measured.memoryAvailableMb ?? hostSize.memoryAvailableMb,
    }
  }

  #sharer(vmid: number): Sharer {
    const { sizer, newest } = this.#containers.get(vmid) ?? {}
    const { scaling, sizing } = sizer?.settings ?? {}
    return {
      weight: scaling?.weight ?? 1,
      coresStep: sizing?.coresStep ?? 1,
      memoryStepMb: scaling?.memory_step_mb ?? 1,
      minChangePercent: scaling?.min_change_percent ?? 0,
      cpuCoresUsed: newest?.cpuCoresUsed,
    }
  }
}

/* Name by name: to spread a sample takes many times as long, and this is done for each of a long history at the start. */
function localSample(sample: ContainerSample, timestampMs: number, isAfterGap: boolean): LocalSample {
  return {
    timestampMs,
    localTimeMs: localTimeMs(sample.timestampMs),
    isAfterGap,
    cpuUsagePercent: sample.cpuUsagePercent,
    cpuCoresUsed: coresUsed(sample),
    cpuCores: sample.cpuCores,
    cpuThrottledPercent: sample.cpuThrottledPercent,
    memoryUsageMb: sample.memoryUsageMb,
    memoryLimitMb: sample.memoryLimitMb,
    memoryFloorMb: sample.memoryFloorMb,
    swapUsageMb: sample.swapUsageMb,
    swapTotalMb: sample.swapTotalMb,
    pressure: sample.pressure,
    memoryEvents: sample.memoryEvents,
  }
}

/** So many are remembered for whoever tells people of them. */
const MOST_KILLS = 20

function withKills(
  kills: ContainerStatus['kills'],
  { timestampMs, memoryEvents }: ContainerSample,
): ContainerStatus['kills'] {
  const { oomKill: own = 0, innerOomKill: inner = 0 } = memoryEvents ?? {}
  if (own === 0 && inner === 0) return kills
  return [...kills, { time: new Date(timestampMs).toISOString(), own, inner }].slice(-MOST_KILLS)
}

/** A file of the Python predecessor has the percentage only, which is of the cores that were allowed. */
function coresUsed({ cpuCoresUsed, cpuUsagePercent, cpuCores }: ContainerSample): number | undefined {
  if (cpuCoresUsed !== undefined || cpuUsagePercent === undefined || cpuCores === undefined) return cpuCoresUsed
  return (cpuUsagePercent / 100) * cpuCores
}
