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
  /** Seconds for which a container has been running; undefined when it is not known. */
  readonly uptime: (vmid: number) => number | undefined
  readonly commands: HostCommands
  readonly clock: Clock
  /** Root of the configuration file system of Proxmox. */
  readonly pve: string
}

/** The HA manager's files change every few seconds, and are the same for all containers of one request. */
const HA_KEPT_MS = 500

/** What is seen of a container beside its configuration. */
interface Seen extends Pick<ContainerFacts, 'inForce' | 'uptimeSeconds' | 'runId'> {
  readonly isRunning: boolean | undefined
}

/** Reads containers from /etc/pve and the kernel; where /etc/pve is not there, by `pct`. */
export class ContainerReader implements Containers {
  readonly #parts: ContainerReaderParts
  readonly #directory: string
  #ha: { readonly services: HaManager['services']; readonly readMs: number } | undefined

  constructor(parts: ContainerReaderParts) {
    this.#parts = parts
    this.#directory = `${parts.pve}/lxc`
  }

  async list(): Promise<readonly number[]> {
    const names = this.#parts.files.list(this.#directory)
    if (names !== undefined) return configuredVmids(names)
    const { stdout } = await this.#parts.commands.run(listContainers())
    return parsePctList(stdout).map(({ vmid }) => vmid)
  }

  async read(vmid: number): Promise<ContainerFacts> {
    const file = this.#parts.files.readBytes(`${this.#directory}/${vmid}.conf`)
    if (file !== undefined) return this.#facts(vmid, this.#seen(vmid), file)
    if (this.#parts.files.inode(this.#directory) !== undefined) throw this.#notFound(vmid)
    const { stdout } = await this.#parts.commands.run(readConfig(vmid))
    const facts = this.#facts(vmid, this.#seen(vmid), stdout)
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
    const configured = configuredLimits(parseLxcConf(file.toString('utf8')).values)
    const memoryMb = Math.max(configured.memoryMb ?? DEFAULT_MEMORY_MB, told.memoryUsedMb ?? 0)
    const inForce = { ...configured, memoryMb }
    return this.#facts(vmid, { isRunning: told.isRunning, inForce, uptimeSeconds: undefined, runId: undefined }, file)
  }

  #seen(vmid: number): Seen {
    const { cgroups, uptime } = this.#parts
    const isRunning = cgroups.isRunning(vmid)
    return {
      isRunning,
      inForce: cgroups.inForce(vmid),
      uptimeSeconds: isRunning === true ? uptime(vmid) : undefined,
      runId: isRunning === true ? cgroups.runId(vmid) : undefined,
    }
  }

  /** From its file, or from what `pct` printed, which has no snapshots. */
  #facts(vmid: number, { isRunning, ...seen }: Seen, file: Buffer | string): ContainerFacts {
    const conf = parseLxcConf(file.toString('utf8'))
    const { values } = conf
    const ha = this.#haServices().get(vmid)
    return {
      vmid,
      name: values.get('hostname') ?? `CT${vmid}`,
      status: statusOf(isRunning),
      configured: configuredLimits(values),
      ...seen,
      isHaManaged: ha !== undefined,
      haState: ha?.state,
      haBusy: ha?.busy,
      snapshots: typeof file === 'string' ? undefined : conf.snapshots,
      digest: typeof file === 'string' ? undefined : digestOf(file),
      values,
      rawLimits: rawLimits(conf),
      ...flagsOf(values),
    }
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
