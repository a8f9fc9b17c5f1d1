import { type Clock, MS_PER_SECOND } from '@lxc-autoscale/core'
import {
  type Balancer,
  type Broadcasts,
  type ClusterMembers,
  type GuestFigures,
  type GuestPlace,
  type HaManager,
  type HostFiles,
  type NodeFigures,
  parseBalancer,
  parseBroadcasts,
  parseHaManager,
  parseMembers,
  parseStorages,
  parseVmlist,
  type Storage,
} from '@lxc-autoscale/host'
import { Ages } from './cluster-view.ts'

/**
 * How long what was read of a file that grows with the cluster, or that every look at a container needs, is good for. Proxmox itself makes `.rrd` anew every 2 s. Source:
 * pve-cluster, pmxcfs/status.c, cfs_rrd_dump.
 */
const KEPT_MS = 1_000
/** Of a list, and of all figures: more than 32 nodes with 100,000 guests have, and what a second is enough to understand. */
const MOST_CHARACTERS = 8_388_608
const MOST_FIGURE_CHARACTERS = 33_554_432
export const NOTHING_TOLD: Broadcasts = { guests: new Map(), nodes: new Map() }
const NO_PLACES: ReadonlyMap<number, GuestPlace> = new Map()
/** What the package of another node left there for others to see, and the most that is looked at of it. */
const MARK = 'lxc-autoscale-ml'
const VERSION_LINE = /^(\d+\.\d+\.\d+[\w.~+-]{0,40})\s*$/

/** Reads what Proxmox keeps about the cluster in /etc/pve, without starting a process. */
export class ClusterFiles {
  readonly #files: HostFiles
  readonly #root: string
  readonly #clock: Clock
  readonly #places: KeptFile<ReadonlyMap<number, GuestPlace> | undefined>
  readonly #broadcasts: KeptFile<Broadcasts>
  readonly #balancer: KeptFile<Balancer>

  constructor(files: HostFiles, root: string, clock: Clock) {
    this.#files = files
    this.#root = root
    this.#clock = clock
    this.#places = new KeptFile(() => this.#text('.vmlist'), parseVmlist, clock)
    this.#balancer = new KeptFile(() => this.#text('datacenter.cfg') ?? '', parseBalancer, clock)
    this.#broadcasts = new KeptFile(() => this.#text('.rrd', MOST_FIGURE_CHARACTERS), parseBroadcasts, clock)
  }

  /** Undefined when there is no such file (pmxcfs does not run), or half of it. */
  members(): ClusterMembers | undefined {
    return parseMembers(this.#text('.members') ?? '')
  }

  /** Whether a node of the cluster is online; undefined when there is no such node, or no cluster. */
  isNodeOnline(node: string): boolean | undefined {
    return this.members()?.nodes.get(node)?.isOnline
  }

  /** The storages by name; undefined when they cannot be told. */
  storages(): ReadonlyMap<string, Storage> | undefined {
    const text = this.#text('storage.cfg')
    return text === undefined ? undefined : parseStorages(text)
  }

  /** Where each guest of the cluster is; undefined when that cannot be told. */
  places(): ReadonlyMap<number, GuestPlace> | undefined {
    return this.#places.value()
  }

  /** Undefined when no node has a guest of that number. */
  placeOf(vmid: number): GuestPlace | undefined {
    return (this.places() ?? NO_PLACES).get(vmid)
  }

  /** Whether some node has a container of that number, or none can be told to have it not. */
  mayHave(vmid: number): boolean {
    return this.places() === undefined || this.placeOf(vmid)?.type === 'lxc'
  }

  /**
   * The node that has a container which is not on `own`; undefined when none has, or that cannot be told. Who asks has not found
   * it there: a list that says it is there is older than its move.
   */
  otherNodeOf(vmid: number, own: string | undefined): string | undefined {
    const kept = this.placeOf(vmid)
    const place = kept === undefined || kept.node === own ? this.#places.fresh()?.get(vmid) : kept
    return place?.type === 'lxc' && place.node !== own ? place.node : undefined
  }

  /** What all nodes told of themselves and their guests; undefined when there is no such file. */
  broadcasts(): Broadcasts | undefined {
    return this.#broadcasts.value()
  }

  /** What its node told of a container, unless that is too old to be of now. */
  freshFigures(vmid: number): GuestFigures | undefined {
    const [node, figures] = [this.placeOf(vmid)?.node, this.broadcasts()?.guests.get(vmid)]
    return node === undefined || this.#ages().of(node, figures?.timeSeconds).is_stale ? undefined : figures
  }

  /** The same of a node. */
  freshNode(node: string): NodeFigures | undefined {
    const figures = this.broadcasts()?.nodes.get(node)
    return this.#ages().of(node, figures?.timeSeconds).is_stale ? undefined : figures
  }

  #ages(): Ages {
    const nowSeconds = this.#clock.nowMs() / MS_PER_SECOND
    return new Ages({ places: this.places() ?? NO_PLACES, broadcasts: this.broadcasts() ?? NOTHING_TOLD, nowSeconds })
  }

  ha(): HaManager {
    return parseHaManager({
      resources: this.#text('ha/resources.cfg'),
      status: this.#text('ha/manager_status'),
      commands: this.#text('ha/crm_commands'),
    })
  }

  balancer(): Balancer {
    return this.#balancer.value() ?? parseBalancer()
  }

  /** The version that the package of a node says is installed there; undefined when it says nothing. */
  installedOn(node: string): string | undefined {
    const text = this.#text(`nodes/${node}/${MARK}`)
    return VERSION_LINE.exec(text?.split('\n')[0] ?? '')?.[1]
  }

  #text(name: string, mostCharacters = MOST_CHARACTERS): string | undefined {
    const text = this.#files.readText(`${this.#root}/${name}`)
    return text !== undefined && text.length > mostCharacters ? undefined : text
  }
}

/** A file that is read again after a while, and understood again only when it is another one. */
class KeptFile<Value> {
  readonly #read: () => string | undefined
  readonly #parse: (text: string) => Value
  readonly #clock: Clock
  #kept: { readonly readMs: number; readonly text: string | undefined; readonly value: Value | undefined } | undefined

  constructor(read: () => string | undefined, parse: (text: string) => Value, clock: Clock) {
    this.#read = read
    this.#parse = parse
    this.#clock = clock
  }

  value(): Value | undefined {
    const readMs = this.#clock.monotonicMs()
    return this.#kept !== undefined && readMs - this.#kept.readMs < KEPT_MS ? this.#kept.value : this.fresh()
  }

  /** Read now, however young the last reading is. */
  fresh(): Value | undefined {
    const text = this.#read()
    const isSame = this.#kept !== undefined && this.#kept.text === text
    const value = isSame ? this.#kept?.value : this.#understood(text)
    this.#kept = { readMs: this.#clock.monotonicMs(), text, value }
    return value
  }

  #understood(text: string | undefined): Value | undefined {
    return text === undefined ? undefined : this.#parse(text)
  }
}
