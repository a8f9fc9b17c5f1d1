import type { ModelConfig } from '../config.ts'
import { type ContainerSettings, containerSettings } from '../policy/container-settings.ts'
import { ContainerSizer } from '../policy/container-sizer.ts'
import type { Allocation, Circumstances, Decision, Observation } from '../policy/decision.ts'
import { type Sharer, shareHost } from '../policy/share-host.ts'
import type { ContainerIdentity, HostCapacity, Member, Sizer, Sizing } from '../ports.ts'

type SizingConfig = Pick<ModelConfig, 'scaling' | 'tiers' | 'schedules' | 'ignore_lxc'>

/** Sizes containers by the policy and the safety rules, with the settings that the configuration gives each of them. */
export class PolicySizing implements Sizing {
  #config: SizingConfig
  readonly #hostSize: HostCapacity

  /** @param hostSize the host as this process sees it, where the metrics file does not tell */
  constructor(config: SizingConfig, hostSize: HostCapacity) {
    this.#config = config
    this.#hostSize = hostSize
  }

  /** Another configuration from now on; sizers take it up when they are identified the next time. */
  configure(config: SizingConfig): void {
    this.#config = config
  }

  newSizer(identity: ContainerIdentity, host: HostCapacity, saved: unknown): Sizer {
    const sizer = new ContainerSizer({ vmid: identity.vmid, settings: this.#settings(identity, host), saved })
    return new PolicySizer(sizer, (...of) => this.#settings(...of))
  }

  hostCapacity(measured: HostCapacity): HostCapacity {
    const { total_cores: cores, total_ram_mb: memoryMb } = this.#config.scaling
    return {
      cores: cores ?? measured.cores ?? this.#hostSize.cores,
      memoryMb: memoryMb ?? measured.memoryMb ?? this.#hostSize.memoryMb,
      memoryAvailableMb: measured.memoryAvailableMb ?? this.#hostSize.memoryAvailableMb,
    }
  }

  shareHost(members: readonly Member[], host: HostCapacity): readonly Decision[] {
    const { host_memory_reserve_mb: memoryReserveMb, host_cpu_reserve_percent: cpuReservePercent } =
      this.#config.scaling
    return shareHost({
      decisions: members.map(({ decision }) => decision),
      host: { ...host, memoryReserveMb, cpuReservePercent },
      sharers: new Map(members.map(member => [member.vmid, sharerOf(member)])),
    })
  }

  #settings(identity: ContainerIdentity, host: HostCapacity): ContainerSettings {
    const { scaling, tiers, schedules, ignore_lxc: ignoreLxc } = this.#config
    return containerSettings({ ...identity, scaling, tiers, schedules, ignoreLxc, host })
  }
}

function sharerOf({ sizer, newest }: Member): Sharer {
  return { weight: sizer.weight, coresStep: sizer.coresStep, cpuCoresUsed: newest?.cpuCoresUsed }
}

type SettingsOf = (identity: ContainerIdentity, host: HostCapacity) => ContainerSettings

class PolicySizer implements Sizer {
  readonly #sizer: ContainerSizer
  readonly #settingsOf: SettingsOf

  constructor(sizer: ContainerSizer, settingsOf: SettingsOf) {
    this.#sizer = sizer
    this.#settingsOf = settingsOf
  }

  get mode(): string {
    return this.#sizer.settings.mode
  }

  get cpuUnit(): 'cores' | 'cpulimit' {
    return this.#sizer.settings.cpuUnit
  }

  get minConfidence(): number {
    return this.#sizer.settings.minConfidence
  }

  get weight(): number {
    return this.#sizer.settings.weight
  }

  get coresStep(): number {
    return this.#sizer.settings.sizing.coresStep
  }

  observe(observation: Observation): void {
    this.#sizer.observe(observation)
  }

  decide(circumstances: Circumstances): Decision {
    return this.#sizer.decide(circumstances)
  }

  applied(allocation: Allocation, nowMs: number): void {
    this.#sizer.applied(allocation, nowMs)
  }

  refused(nowMs: number, text: string): void {
    this.#sizer.refused(nowMs, text)
  }

  identify(identity: ContainerIdentity, host: HostCapacity): void {
    const settings = this.#settingsOf(identity, host)
    const isSame = JSON.stringify(settings) === JSON.stringify(this.#sizer.settings)
    if (!isSame) this.#sizer.configure(settings)
  }

  explain(): { readonly cores: string; readonly memory: string } {
    return this.#sizer.explain()
  }

  serialise(): unknown {
    return this.#sizer.serialise()
  }
}
