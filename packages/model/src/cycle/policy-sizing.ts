import type { ModelConfig } from '../config.ts'
import { type ContainerSettings, containerSettings } from '../policy/container-settings.ts'
import { ContainerSizer } from '../policy/container-sizer.ts'
import type { Allocation, Circumstances, Decision, Observation } from '../policy/decision.ts'
import { type Sharer, shareHost } from '../policy/share-host.ts'
import type { ContainerIdentity, HostCapacity, Member, Sizer, Sizing } from '../ports.ts'

type SizingConfig = Pick<ModelConfig, 'scaling' | 'tiers' | 'schedules' | 'ignore_lxc'>

/** Sizes containers by the policy and the safety rules, with the settings that the configuration gives each of them. */
export class PolicySizing implements Sizing {
  readonly #config: SizingConfig
  readonly #hostSize: HostCapacity

  /** @param hostSize the host as this process sees it, where the metrics file does not tell */
  constructor(config: SizingConfig, hostSize: HostCapacity) {
    this.#config = config
    this.#hostSize = hostSize
  }

  newSizer(identity: ContainerIdentity, host: HostCapacity, saved: unknown): Sizer {
    return new PolicySizer(this.#config, { identity, host, saved })
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
}

function sharerOf({ sizer, newest }: Member): Sharer {
  return { weight: sizer.weight, coresStep: sizer.coresStep, cpuCoresUsed: newest?.cpuCoresUsed }
}

interface SizerInput {
  readonly identity: ContainerIdentity
  readonly host: HostCapacity
  readonly saved: unknown
}

class PolicySizer implements Sizer {
  readonly #config: SizingConfig
  readonly #sizer: ContainerSizer

  constructor(config: SizingConfig, { identity, host, saved }: SizerInput) {
    this.#config = config
    const settings = settingsOf(config, identity, host)
    this.#sizer = new ContainerSizer({ vmid: identity.vmid, settings, saved })
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
    const settings = settingsOf(this.#config, identity, host)
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

function settingsOf(config: SizingConfig, identity: ContainerIdentity, host: HostCapacity): ContainerSettings {
  const { scaling, tiers, schedules, ignore_lxc: ignoreLxc } = config
  return containerSettings({ ...identity, scaling, tiers, schedules, ignoreLxc, host })
}
