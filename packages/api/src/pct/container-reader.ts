import { createHash } from 'node:crypto'
import { AutoscaleError, type Clock } from '@lxc-autoscale/core'
import {
  type ConfValues,
  configuredLimits,
  configuredVmids,
  DEFAULT_MEMORY_MB,
  type HaManager,
  type HostFiles,
  isOn,
  parseLxcConf,
  parsePctList,
  parseTags,
  rawLimits,
} from '@lxc-autoscale/host'
import type { CgroupReader } from '../host/cgroup.ts'
import type { ClusterFiles } from '../host/cluster-files.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { Containers, HostCommands } from '../ports.ts'
import { listContainers, readConfig, readStatus } from './commands.ts'
import { parseStatus } from './parse-output.ts'

export interface ContainerReaderParts {
  readonly files: HostFiles
  readonly cluster: ClusterFiles
  readonly cgroups: CgroupReader
  /** Seconds for which that run of a container has lasted; undefined when it is not known. */
  readonly uptime: (vmid: number, runId: number) => number | undefined
  readonly commands: HostCommands
  readonly clock: Clock
  /** Root of the configuration file system of Proxmox. */
  readonly pve: string
}

/** The HA manager's files change every few seconds, and are the same for all containers of one request. */
const HA_KEPT_MS = 500

/** What is seen of a container beside its configuration. */
type Seen = Pick<ContainerFacts, 'status' | 'inForce' | 'uptimeSeconds' | 'runId'>

/** What a configuration file says. */
type Configured = Pick<
  ContainerFacts,
  | 'name'
  | 'configured'
  | 'lock'
  | 'isTemplate'
  | 'isProtected'
  | 'tags'
  | 'values'
  | 'digest'
  | 'rawLimits'
  | 'snapshots'
>

/** Reads containers from /etc/pve and the kernel; where /etc/pve is not there, by `pct`. */
export class ContainerReader implements Containers {
  readonly #parts: ContainerReaderParts
  readonly #directory: string
  /** By container: its file as it was read last, byte for byte, and what it says. */
  readonly #understood = new Map<number, { readonly file: Uint8Array; readonly says: Configured }>()
  #ha: { readonly services: HaManager['services']; readonly readMs: number } | undefined

  constructor(parts: ContainerReaderParts) {
    this.#parts = parts
    this.#directory = `${parts.pve}/lxc`
  }

  async list(): Promise<readonly number[]> {
    const names = this.#parts.files.list(this.#directory)
    if (names !== undefined) return this.#keepOnly(configuredVmids(names))
    const { stdout } = await this.#parts.commands.run(listContainers())
    return parsePctList(stdout).map(({ vmid }) => vmid)
  }

  async read(vmid: number): Promise<ContainerFacts> {
    const file = this.#parts.files.readBytes(`${this.#directory}/${vmid}.conf`)
    if (file !== undefined) return this.#facts(vmid, this.#seen(vmid), this.#understand(vmid, file))
    if (this.#parts.files.inode(this.#directory) !== undefined) throw this.#notFound(vmid)
    const { stdout } = await this.#parts.commands.run(readConfig(vmid))
    const facts = this.#facts(vmid, this.#seen(vmid), configuredBy(vmid, stdout))
    if (facts.status !== 'unknown') return facts
    const status = await this.#parts.commands.run(readStatus(vmid))
    return { ...facts, status: parseStatus(status.stdout) }
  }

  /**
   * A container of another node: by its configuration, which every node has, and by what that node told of it. What is in force
   * there cannot be seen; it is taken for what is configured, and at least what it was said to use.
   * @throws {AutoscaleError} CONTAINER_NOT_FOUND; HOST_UNREADABLE when that node has told nothing of it lately
   */
  async readOn(node: string, vmid: number): Promise<ContainerFacts> {
    const { files, cluster, pve } = this.#parts
    const file = files.readBytes(`${pve}/nodes/${node}/lxc/${vmid}.conf`)
    if (file === undefined) throw this.#notFound(vmid)
    const told = cluster.freshFigures(vmid)
    if (told === undefined) {
      const text = `node ${node} has told nothing of container ${vmid} for two minutes, so nothing is changed of it`
      throw new AutoscaleError('HOST_UNREADABLE', text, { details: { lxc_id: vmid, node } })
    }
    const says = configuredBy(vmid, file)
    const { configured } = says
    const memoryMb = Math.max(configured.memoryMb ?? DEFAULT_MEMORY_MB, told.memoryUsedMb ?? 0)
    const inForce = { ...configured, memoryMb }
    const seen = { status: statusOf(told.isRunning), inForce, uptimeSeconds: undefined, runId: undefined }
    return this.#facts(vmid, seen, says)
  }

  #seen(vmid: number): Seen {
    const { isRunning, runId, inForce } = this.#parts.cgroups.see(vmid)
    if (isRunning !== true || runId === undefined) {
      return { status: statusOf(isRunning), inForce, uptimeSeconds: undefined, runId: undefined }
    }
    return { status: 'running', inForce, uptimeSeconds: this.#parts.uptime(vmid, runId), runId }
  }

  #facts(vmid: number, seen: Seen, says: Configured): ContainerFacts {
    const ha = this.#haServices().get(vmid)
    return { vmid, ...says, ...seen, isHaManaged: ha !== undefined, haState: ha?.state, haBusy: ha?.busy }
  }

  /** A file with the bytes of the last one says the same; its time would not tell, since Proxmox keeps only the second. */
  #understand(vmid: number, file: Buffer): Configured {
    const known = this.#understood.get(vmid)
    if (known !== undefined && file.equals(known.file)) return known.says
    const says = configuredBy(vmid, file)
    // With memory of its own: a short buffer lies in a larger piece, which would be kept with it.
    this.#understood.set(vmid, { file: new Uint8Array(file), says })
    return says
  }

  /** Forgets what is not on this node any more. */
  #keepOnly(vmids: readonly number[]): readonly number[] {
    const here = new Set(vmids)
    for (const vmid of this.#understood.keys()) if (!here.has(vmid)) this.#understood.delete(vmid)
    this.#parts.cgroups.keepOnly(here)
    return vmids
  }

  #haServices(): HaManager['services'] {
    const nowMs = this.#parts.clock.monotonicMs()
    if (this.#ha === undefined || nowMs - this.#ha.readMs > HA_KEPT_MS) {
      this.#ha = { services: this.#parts.cluster.ha().services, readMs: nowMs }
    }
    return this.#ha.services
  }

  #notFound(vmid: number): AutoscaleError {
    const { cluster } = this.#parts
    if (cluster.placeOf(vmid)?.type === 'qemu') {
      const details = { lxc_id: vmid, node: cluster.placeOf(vmid)?.node }
      return new AutoscaleError('CONTAINER_NOT_FOUND', `${vmid} is a virtual machine, not a container`, { details })
    }
    const node = cluster.otherNodeOf(vmid, cluster.members()?.node)
    const text =
      node === undefined ? `there is no container ${vmid} on this node` : `container ${vmid} is on node ${node} now`
    const details = { lxc_id: vmid, ...(node === undefined ? {} : { node }) }
    return new AutoscaleError('CONTAINER_NOT_FOUND', text, { details })
  }
}

/** From its file, or from what `pct` printed, which has no snapshots. */
function configuredBy(vmid: number, file: Buffer | string): Configured {
  const conf = parseLxcConf(file.toString('utf8'))
  const { values } = conf
  return {
    name: values.get('hostname') ?? `CT${vmid}`,
    configured: configuredLimits(values),
    snapshots: typeof file === 'string' ? undefined : conf.snapshots,
    digest: typeof file === 'string' ? undefined : digestOf(file),
    values,
    rawLimits: rawLimits(conf),
    ...flagsOf(values),
  }
}

function digestOf(file: Uint8Array): string {
  return createHash('sha1').update(file).digest('hex')
}

function statusOf(isRunning: boolean | undefined): ContainerFacts['status'] {
  if (isRunning === undefined) return 'unknown'
  return isRunning ? 'running' : 'stopped'
}

function flagsOf(values: ConfValues) {
  return {
    lock: values.get('lock'),
    isTemplate: isOn(values.get('template')),
    isProtected: isOn(values.get('protection')),
    tags: parseTags(values.get('tags')),
  }
}
