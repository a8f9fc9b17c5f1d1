import { type AllocationBody, AutoscaleError, type Clock } from '@lxc-autoscale/core'
import type { Limits } from '@lxc-autoscale/host'
import type { CgroupReader } from '../host/cgroup.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { SetOptions } from '../pct/commands.ts'
import type { Containers } from '../ports.ts'
import { withTarget } from './target.ts'
import { allocationBody } from './wire-allocation.ts'

/**
 * How often a container is looked at while `pct` starts, waits for its lock and writes. A look costs 0.2 ms; what a
 * container can grow by between two of them, and until `pct` has heeded its signal, is for the margin of the section `safety`.
 */
const LOOK_MS = 20

export interface WatchedSet {
  readonly facts: ContainerFacts
  readonly asked: SetOptions
  readonly parts: {
    readonly clock: Clock
    readonly containers: Containers
    readonly cgroups: Pick<CgroupReader, 'memoryHold'>
  }
  /** Throws as soon as the container needs more memory than it is to have; undefined when it gets no less. */
  readonly checkFloor: (() => void) | undefined
}

/** Looks at a container from the start of its `pct set` to the end. */
export class SetWatch {
  readonly #set: WatchedSet
  readonly #isOver = new AbortController()
  readonly #stop = new AbortController()
  #hold: string | undefined
  readonly #found: Limits[] = []
  #refusal: AutoscaleError | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(set: WatchedSet) {
    this.#set = set
  }

  /** Whether the kernel has been given another limit of memory since the command was started. */
  get isMoved(): boolean {
    return this.#set.parts.cgroups.memoryHold(this.#set.facts.vmid) !== this.#hold
  }

  /** Why `pct` was stopped; undefined when it was not. */
  get refusal(): AutoscaleError | undefined {
    return this.#refusal
  }

  /** To be called right before the command is started. What it gives stops the command. */
  begin(): AbortSignal {
    this.#hold = this.#set.parts.cgroups.memoryHold(this.#set.facts.vmid)
    this.#looking = this.#look()
    return this.#stop.signal
  }

  async end(): Promise<void> {
    this.#isOver.abort()
    await this.#looking
  }

  /** What somebody else had set in between and is gone, when the container has `now`; undefined when there is nothing of it. */
  overwritten(now: Limits): AllocationBody | undefined {
    const { facts, asked } = this.#set
    const target = withTarget(facts.configured, asked)
    const isLost = (found: Limits) =>
      KEYS.some(key => found[key] !== facts.configured[key] && found[key] !== target[key] && found[key] !== now[key])
    const lost = this.#found.findLast(isLost)
    return lost && allocationBody(lost)
  }

  async #look(): Promise<void> {
    const { clock } = this.#set.parts
    for (;;) {
      await clock.sleep(LOOK_MS, this.#isOver.signal)
      if (this.#isOver.signal.aborted) return
      this.#lookAtFloor()
      await this.#lookAtConfiguration()
    }
  }

  /** Once the kernel's limit has begun to move it is too late to stop: what is half-done is worse. */
  #lookAtFloor(): void {
    if (this.#refusal !== undefined || this.isMoved) return
    try {
      this.#set.checkFloor?.()
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      this.#refusal = error
      this.#stop.abort()
    }
  }

  async #lookAtConfiguration(): Promise<void> {
    const { facts, parts } = this.#set
    // Without the file it would take a process of its own.
    if (facts.digest === undefined) return
    // It may be gone or unreadable for a moment; the command will say.
    const now = await parts.containers.read(facts.vmid).catch(() => undefined)
    if (now !== undefined) this.#found.push(now.configured)
  }
}

const KEYS = ['cores', 'cpuLimit', 'memoryMb', 'swapMb'] as const
