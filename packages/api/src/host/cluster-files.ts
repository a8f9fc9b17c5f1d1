import type { HostFiles } from '@lxc-autoscale/host'
import { asObject, parseJson } from '../json-object.ts'

/** What `/etc/pve/.members` says of the cluster, as this node sees it. */
export interface ClusterMembers {
  readonly node: string
  /** A node without a cluster is always quorate. */
  readonly isQuorate: boolean
}

/** Where `/etc/pve/.vmlist` says that a guest is. */
export interface GuestPlace {
  readonly node: string
  readonly type: string
}

/** What the HA manager is told and does, by container number. `state` is undefined until it has said one. */
export type HaStates = ReadonlyMap<number, { readonly state: string | undefined }>

/** Reads what Proxmox keeps about the cluster in /etc/pve, without starting a process. */
export class ClusterFiles {
  readonly #files: HostFiles
  readonly #root: string

  constructor(files: HostFiles, root: string) {
    this.#files = files
    this.#root = root
  }

  /** Undefined when there is no such file (pmxcfs does not run). */
  members(): ClusterMembers | undefined {
    const members = parseObject(this.#files.readText(`${this.#root}/.members`))
    const node = members?.['nodename']
    if (typeof node !== 'string') return undefined
    const quorate = asObject(members?.['cluster'])?.['quorate']
    return { node, isQuorate: quorate === undefined || Number(quorate) === 1 }
  }

  /** Whether a node of the cluster is online; undefined when there is no such node, or no cluster. */
  isNodeOnline(node: string): boolean | undefined {
    const nodes = asObject(parseObject(this.#files.readText(`${this.#root}/.members`))?.['nodelist'])
    const entry = asObject(nodes?.[node])
    return entry === undefined ? undefined : Number(entry['online']) === 1
  }

  /** The names of the storages; undefined when they cannot be told. `local` is there without being configured. */
  storages(): ReadonlySet<string> | undefined {
    const text = this.#files.readText(`${this.#root}/storage.cfg`)
    if (text === undefined) return undefined
    return new Set(['local', ...Array.from(text.matchAll(/^[a-z]+:\s*(\S+)\s*$/gm), ([, name = '']) => name)])
  }

  /** Undefined when no node has a guest of that number. */
  placeOf(vmid: number): GuestPlace | undefined {
    const ids = asObject(parseObject(this.#files.readText(`${this.#root}/.vmlist`))?.['ids'])
    const entry = asObject(ids?.[String(vmid)])
    if (entry === undefined) return undefined
    return { node: String(entry['node']), type: String(entry['type']) }
  }

  /** The containers that the HA manager looks after. */
  haStates(): HaStates {
    const resources = this.#files.readText(`${this.#root}/ha/resources.cfg`) ?? ''
    const services = asObject(parseObject(this.#files.readText(`${this.#root}/ha/manager_status`))?.['service_status'])
    const states = new Map<number, { state: string | undefined }>()
    for (const [, digits] of resources.matchAll(/^ct:\s*(\d+)\s*$/gm)) {
      const state = asObject(services?.[`ct:${digits}`])?.['state']
      states.set(Number(digits), { state: typeof state === 'string' ? state : undefined })
    }
    return states
  }
}

function parseObject(text = ''): Readonly<Record<string, unknown>> | undefined {
  // Half a file cannot be told from none: the next read has it whole.
  return asObject(parseJson(text))
}
