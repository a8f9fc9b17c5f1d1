import { type Clock, errorMessage, isWithin, type Logger } from '@lxc-autoscale/core'
import type { ContainerList } from './container-list.ts'
import type { ContainerRun } from './container-run.ts'
import { listWithPct, type PctListSettings } from './list-with-pct.ts'
import type { ConfiguredContainer, LxcConfs } from './lxc-confs.ts'

const WAIT_FOR_PCT_MS = 3_000

/** What finding the containers needs. */
export interface HostContainersParts {
  readonly list: ContainerList
  readonly confs: LxcConfs
  readonly pct: PctListSettings
  readonly clock: Clock
  readonly log: Logger
  /** Runs `pct list` within a time limit and gives its output; the real command unless a test says otherwise. */
  readonly runPct?: (timeoutMs: number) => Promise<string>
}

/**
 * The running containers that Proxmox knows on this host: what /etc/pve configures and the kernel runs. Where /etc/pve
 * cannot be read, `pct list` says what is configured, and where that fails too, the kernel alone.
 */
export class HostContainers {
  readonly #parts: HostContainersParts
  /** The containers with a cgroup when `pct list` was last asked, and what it answered. */
  #askedFor = ''
  #answered: ReadonlySet<number> | undefined
  #asking: Promise<void> | undefined
  #isWithoutConfs = false

  constructor(parts: HostContainersParts) {
    this.#parts = parts
  }

  async list(): Promise<readonly ContainerRun[]> {
    const { list, confs } = this.#parts
    const configured = await confs.vmids()
    this.#noteSource(configured !== undefined)
    const running = list.list(configured ?? (await this.#askPct()))
    if (configured === undefined) return running
    await confs.load(running.map(({ vmid }) => vmid))
    return running.filter(({ vmid }) => confs.of(vmid)?.isTemplate !== true)
  }

  configured(vmid: number): ConfiguredContainer | undefined {
    return this.#parts.confs.of(vmid)
  }

  /**
   * Only when the containers with a cgroup are others than last time, since `pct` is costly. It may hang as long as its limits
   * allow: a cycle waits a little, and what was answered last holds until there is a new answer.
   */
  async #askPct(): Promise<ReadonlySet<number> | undefined> {
    const { list, clock } = this.#parts
    const vmids = list.vmids().join(' ')
    if (vmids !== this.#askedFor && this.#asking === undefined) {
      this.#askedFor = vmids
      this.#asking = this.#runPct().finally(() => {
        this.#asking = undefined
      })
    }
    if (this.#asking !== undefined) await isWithin(clock, WAIT_FOR_PCT_MS, this.#asking)
    return this.#answered
  }

  async #runPct(): Promise<void> {
    const { pct, clock, log, runPct } = this.#parts
    try {
      this.#answered = await listWithPct(pct, clock, runPct)
    } catch (error) {
      this.#answered = undefined
      log.warn(
        { problem: errorMessage(error) },
        'pct list failed too; every container that the kernel runs is measured',
      )
    }
  }

  #noteSource(hasConfs: boolean): void {
    if (this.#isWithoutConfs === !hasConfs) return
    this.#isWithoutConfs = !hasConfs
    const { log } = this.#parts
    if (hasConfs) log.info('the configurations of the containers can be read again')
    else log.warn('the configurations of the containers (host.pve) cannot be read; asking pct list')
  }
}
