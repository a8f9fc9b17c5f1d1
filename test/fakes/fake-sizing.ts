import type { Allocation, Circumstances, Decision, Observation } from '@lxc-autoscale/model'
import type { ContainerIdentity, HostCapacity, Member, Sizer, Sizing } from '../../packages/model/src/ports.ts'

/** What a test wants a container to have; undefined = leave it. */
export type Wish = Partial<{ cores: number; memoryMb: number; isToBeApplied: boolean }>

/** A sizer that decides what the test says, and records what it is told. */
export class FakeSizer implements Sizer {
  readonly mode = 'auto'
  readonly cpuUnit = 'cores'
  readonly minConfidence = 0
  readonly weight = 1
  readonly coresStep = 1
  readonly observed: Observation[] = []
  readonly circumstances: Circumstances[] = []
  readonly applications: { allocation: Allocation; atMs: number }[] = []
  readonly refusals: string[] = []
  readonly identities: ContainerIdentity[]
  readonly saved: unknown
  readonly #wish: () => Wish | undefined
  readonly #vmid: number

  constructor(identity: ContainerIdentity, saved: unknown, wish: () => Wish | undefined) {
    this.identities = [identity]
    this.saved = saved
    this.#vmid = identity.vmid
    this.#wish = wish
  }

  observe(observation: Observation): void {
    this.observed.push(observation)
  }

  decide(circumstances: Circumstances): Decision {
    this.circumstances.push(circumstances)
    const { allocation: from, nowMs } = circumstances
    const wish = this.#wish() ?? {}
    const to = { cores: pick(from.cores, wish.cores), memoryMb: pick(from.memoryMb, wish.memoryMb) }
    return {
      vmid: this.#vmid,
      timeMs: nowMs,
      from,
      to,
      wanted: to,
      cores: direction(from.cores, to.cores),
      memory: direction(from.memoryMb, to.memoryMb),
      isToBeApplied: wish.isToBeApplied ?? true,
      isInNeed: false,
      reasons: [{ rule: 'fake', text: 'the test wants it' }],
      policy: 'fake',
    }
  }

  applied(allocation: Allocation, atMs: number): void {
    this.applications.push({ allocation, atMs })
  }

  refused(_nowMs: number, text: string): void {
    this.refusals.push(text)
  }

  identify(identity: ContainerIdentity): void {
    this.identities.push(identity)
  }

  explain() {
    return { cores: 'as the test says', memory: 'as the test says' }
  }

  serialise(): unknown {
    return { samples: this.observed.length }
  }
}

function pick(from: number | undefined, wished: number | undefined): number | undefined {
  return from === undefined ? undefined : (wished ?? from)
}

function direction(from: number | undefined, to: number | undefined): Decision['cores'] {
  if (from === undefined || to === undefined || from === to) return 'keep'
  return to > from ? 'up' : 'down'
}

/** Sizes containers as the test says. */
export class FakeSizing implements Sizing {
  readonly sizers = new Map<number, FakeSizer>()
  readonly wishes = new Map<number, Wish>()
  readonly hosts: HostCapacity[] = []

  newSizer(identity: ContainerIdentity, _host: HostCapacity, saved: unknown): FakeSizer {
    const sizer = new FakeSizer(identity, saved, () => this.wishes.get(identity.vmid))
    this.sizers.set(identity.vmid, sizer)
    return sizer
  }

  hostCapacity(measured: HostCapacity): HostCapacity {
    this.hosts.push(measured)
    return measured
  }

  shareHost(members: readonly Member[]): readonly Decision[] {
    return members.map(({ decision }) => decision)
  }

  sizer(vmid: number): FakeSizer {
    const sizer = this.sizers.get(vmid)
    if (sizer === undefined) throw new Error(`no sizer for ${vmid}`)
    return sizer
  }
}
