import { type Clock, errorMessage, type Logger } from '@lxc-autoscale/core'
import type { ContainerConfig, ContainerConfigs } from './container-config.ts'
import type { ContainerList } from './container-list.ts'
import type { ContainerRun } from './container-run.ts'
import { listWithPct, type PctListSettings } from './pct-list.ts'

const WAIT_FOR_PCT_MS = 3_000

/** What finding the containers needs. */
export interface RunningContainersParts {
  readonly list: ContainerList
  readonly configs: ContainerConfigs
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
  readonly #parts: RunningContainersParts
  /** The containers with a cgroup when `pct list` was last asked, and what it answered. */
  #askedFor = ''
  #answered: ReadonlySet<number> | undefined
  #asking: Promise<void> | undefined
  #isWithoutConfigs = false

  constructor(parts: RunningContainersParts) {
    this.#parts = parts
  }

  async list(): Promise<readonly ContainerRun[]> {
    const { list, configs } = this.#parts
    const configured = await configs.vmids()
    this.#noteSource(configured !== undefined)
    const running = list.list(configured ?? (await this.#askPct()))
    if (configured === undefined) return running
    await configs.load(running.map(({ vmid }) => vmid))
    return running.filter(({ vmid }) => configs.of(vmid)?.isTemplate !== true)
  }

  configOf(vmid: number): ContainerConfig | undefined {
    return this.#parts.configs.of(vmid)
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
    if (this.#asking !== undefined) {
      const stop = new AbortController()
      await Promise.race([this.#asking, clock.sleep(WAIT_FOR_PCT_MS, stop.signal)])
      stop.abort()
    }
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

  #noteSource(hasConfigs: boolean): void {
    if (this.#isWithoutConfigs === !hasConfigs) return
    this.#isWithoutConfigs = !hasConfigs
    const { log } = this.#parts
    if (hasConfigs) log.info('the configurations of the containers can be read again')
    else log.warn('the configurations of the containers (host.pve) cannot be read; asking pct list')
  }
}
