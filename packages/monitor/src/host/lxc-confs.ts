import { readdir, readFile } from 'node:fs/promises'
import { type Clock, isWithin, MS_PER_MINUTE, systemErrorCode } from '@lxc-autoscale/core'
import { configuredVmids, interfaceNames, isOn, parseLxcConf } from '@lxc-autoscale/host'

/** What the configuration of a container says that matters for measuring it. */
export interface ConfiguredContainer {
  readonly hostname: string | undefined
  readonly isTemplate: boolean
  /** Names of its network interfaces as it sees them. Empty when Proxmox configures none. */
  readonly interfaces: readonly string[]
}

const KEEP_MS = MS_PER_MINUTE
const READ_LIMIT_MS = 1_000

interface Known {
  readonly container: ConfiguredContainer
  readonly readAtMs: number
}

/**
 * The containers that Proxmox has configured on this host. `/etc/pve` is a FUSE file system, whose daemon may hang: it
 * is read aside, with a time limit, and what was known before stays in force meanwhile.
 */
export class LxcConfs {
  readonly #folder: string
  readonly #clock: Clock
  readonly #known = new Map<number, Known>()
  #pending: Promise<void> | undefined
  #vmids: ReadonlySet<number> | undefined

  constructor(pve: string, clock: Clock) {
    this.#folder = `${pve}/lxc`
    this.#clock = clock
  }

  /** The containers configured on this host; undefined when /etc/pve cannot be read. */
  async vmids(): Promise<ReadonlySet<number> | undefined> {
    await this.#withinLimit(async () => {
      this.#vmids = await listVmids(this.#folder)
    })
    return this.#vmids
  }

  /** Reads the configurations of `vmids` that are not known or were read more than a minute ago. */
  async load(vmids: Iterable<number>): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const due = [...vmids].filter(vmid => {
      const readAtMs = this.#known.get(vmid)?.readAtMs
      return readAtMs === undefined || nowMs - readAtMs > KEEP_MS
    })
    if (due.length === 0) return
    await this.#withinLimit(async () => {
      for (const vmid of due) {
        const container = await readConf(`${this.#folder}/${vmid}.conf`)
        if (container === undefined) this.#known.delete(vmid)
        else this.#known.set(vmid, { container, readAtMs: nowMs })
      }
    })
  }

  /** What was last read of a container. */
  of(vmid: number): ConfiguredContainer | undefined {
    return this.#known.get(vmid)?.container
  }

  /** Runs one reading at a time; returns when it is done or the limit has passed, whichever comes first. */
  async #withinLimit(read: () => Promise<void>): Promise<void> {
    if (this.#pending !== undefined) return
    this.#pending = read().finally(() => {
      this.#pending = undefined
    })
    await isWithin(this.#clock, READ_LIMIT_MS, this.#pending)
  }
}

async function listVmids(folder: string): Promise<ReadonlySet<number> | undefined> {
  try {
    return new Set(configuredVmids(await readdir(folder)))
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}

async function readConf(path: string): Promise<ConfiguredContainer | undefined> {
  try {
    const { values } = parseLxcConf(await readFile(path, 'utf8'))
    return {
      hostname: values.get('hostname'),
      isTemplate: isOn(values.get('template')),
      interfaces: interfaceNames(values),
    }
  } catch (error) {
    // Moved to another node or destroyed meanwhile, or not readable: then nothing is known of it.
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
