import { AutoscaleError } from '@lxc-autoscale/core'
import type { CommandKind, HostCommand, RestCall } from '../ports.ts'
import { printedConfig, printedList, printedSnapshots, printedStatus } from './printed.ts'

/** What `pct set` shall change. `null` removes the setting; undefined leaves it. */
export interface SetOptions {
  readonly cores?: number | null | undefined
  readonly cpuLimit?: number | null | undefined
  readonly memoryMb?: number | undefined
}

/** A request about one container: `path` comes after its number. */
type ContainerCall = Pick<RestCall, 'method' | 'form' | 'startsTask' | 'print'> & { readonly path: string }

interface ContainerCommand {
  readonly kind: CommandKind
  readonly vmid: number
  /** The words of `pct`: its command, and what comes after the number. */
  readonly words: readonly [command: string, ...rest: readonly string[]]
  readonly call: ContainerCall
}

/** Whatever changes something is a task, but for what is set. Source: PVE::API2::LXC and below, what each method returns. */
function pct({ kind, vmid, words: [command, ...rest], call }: ContainerCommand): HostCommand {
  const isTask = kind !== 'set' && kind !== 'read'
  const path = (node: string) => `/nodes/${node}/lxc/${vmid}${call.path}`
  return {
    program: 'pct',
    kind,
    args: [command, String(vmid), ...rest],
    rest: node => ({ ...call, path: path(node), isTask }),
  }
}

/**
 * Everything in one command, so that it is one write to the cluster and one moment. Nothing asked: undefined. `digest`: of the
 * configuration that was decided from; with another one `pct` changes nothing.
 */
export function setResources(
  vmid: number,
  { cores, cpuLimit, memoryMb }: SetOptions,
  digest?: string,
): HostCommand | undefined {
  const removed = [cores === null ? 'cores' : '', cpuLimit === null ? 'cpulimit' : ''].filter(Boolean)
  const form = {
    ...(typeof cores === 'number' ? { cores: String(cores) } : {}),
    ...(typeof cpuLimit === 'number' ? { cpulimit: String(cpuLimit) } : {}),
    ...(memoryMb === undefined ? {} : { memory: String(memoryMb) }),
    ...(removed.length === 0 ? {} : { delete: removed.join(',') }),
  }
  const options = Object.entries(form).flatMap(([name, value]) => [`-${name}`, value])
  if (options.length === 0) return undefined
  return pct({
    kind: 'set',
    vmid,
    words: ['set', ...options, ...optionsOf(ifUnmodified(digest))],
    call: { method: 'PUT', path: '/config', form: { ...form, ...ifUnmodified(digest) } },
  })
}

/** The same for a container of another node, to which Proxmox passes it on. Source: pve-manager, PVE/CLI/pvesh.pm, proxy_handler. */
export function setResourcesOn(
  node: string,
  ...[vmid, options, digest]: Parameters<typeof setResources>
): HostCommand | undefined {
  const call = setResources(vmid, options, digest)?.rest(node)
  if (call === undefined) return undefined
  return { program: 'pvesh', kind: 'set', args: ['set', call.path, ...optionsOf(call.form ?? {})], rest: () => call }
}

export function growRootDisk(vmid: number, gigabytes: number, digest?: string): HostCommand {
  const size = `+${gigabytes}G`
  return pct({
    kind: 'resize',
    vmid,
    words: ['resize', 'rootfs', size, ...optionsOf(ifUnmodified(digest))],
    call: { method: 'PUT', path: '/resize', form: { disk: 'rootfs', size, ...ifUnmodified(digest) } },
  })
}

/** Proxmox compares under its lock, right before it writes. Source: PVE::API2::LXC::Config, update_vm; PVE::API2::LXC, resize_vm. */
function ifUnmodified(digest: string | undefined): Readonly<Record<string, string>> {
  return digest === undefined ? {} : { digest }
}

function optionsOf(form: Readonly<Record<string, string>>): string[] {
  return Object.entries(form).flatMap(([name, value]) => [`--${name}`, value])
}

export function createSnapshot(vmid: number, name: string, description: string): HostCommand {
  return pct({
    kind: 'snapshot',
    vmid,
    words: ['snapshot', name, ...optionsOf({ description })],
    call: { method: 'POST', path: '/snapshot', form: { snapname: name, description } },
  })
}

/**
 * `isToStart`: a running container is killed by a rollback and would stay stopped. `pct` waits for the start; the task of the
 * REST interface does not. Source: PVE::API2::LXC::Snapshot, rollback; PVE::RESTEnvironment, fork_worker.
 */
export function rollbackSnapshot(vmid: number, name: string, isToStart: boolean): HostCommand {
  const form: Readonly<Record<string, string>> = isToStart ? { start: '1' } : {}
  return pct({
    kind: 'snapshot',
    vmid,
    words: ['rollback', name, ...optionsOf(form)],
    call: {
      method: 'POST',
      path: `/snapshot/${name}/rollback`,
      form,
      ...(isToStart ? { startsTask: 'vzstart' } : {}),
    },
  })
}

export function deleteSnapshot(vmid: number, name: string): HostCommand {
  return pct({
    kind: 'snapshot',
    vmid,
    words: ['delsnapshot', name],
    call: { method: 'DELETE', path: `/snapshot/${name}` },
  })
}

export function listSnapshots(vmid: number): HostCommand {
  return pct({
    kind: 'read',
    vmid,
    words: ['listsnapshot'],
    call: { method: 'GET', path: '/snapshot', print: printedSnapshots },
  })
}

export interface CloneOptions {
  readonly vmid: number
  readonly newVmid: number
  readonly hostname: string
  readonly snapshotName: string
  readonly storage: string | undefined
  readonly description: string
}

/** A full copy of the disks, from a snapshot, as a running container needs it. */
export function cloneContainer(options: CloneOptions): HostCommand {
  const { vmid, newVmid, hostname, snapshotName, storage, description } = options
  const form = {
    hostname,
    snapname: snapshotName,
    full: '1',
    description,
    ...(storage === undefined ? {} : { storage }),
  }
  return pct({
    kind: 'clone',
    vmid,
    words: ['clone', String(newVmid), ...optionsOf(form)],
    call: { method: 'POST', path: '/clone', form: { newid: String(newVmid), ...form } },
  })
}

export function startContainer(vmid: number): HostCommand {
  return pct({ kind: 'power', vmid, words: ['start'], call: { method: 'POST', path: '/status/start' } })
}

export function stopContainer(vmid: number): HostCommand {
  return pct({ kind: 'power', vmid, words: ['stop'], call: { method: 'POST', path: '/status/stop' } })
}

export function destroyContainer(vmid: number): HostCommand {
  return pct({ kind: 'destroy', vmid, words: ['destroy'], call: { method: 'DELETE', path: '' } })
}

export function listContainers(): HostCommand {
  return {
    program: 'pct',
    kind: 'read',
    args: ['list'],
    rest: node => ({ method: 'GET', path: `/nodes/${node}/lxc`, isTask: false, print: printedList }),
  }
}

export function readStatus(vmid: number): HostCommand {
  return pct({
    kind: 'read',
    vmid,
    words: ['status'],
    call: { method: 'GET', path: '/status/current', print: printedStatus },
  })
}

/** What is in force, without the changes that wait for the next start. */
export function readConfig(vmid: number): HostCommand {
  return pct({
    kind: 'read',
    vmid,
    words: ['config', '--current', '1'],
    call: { method: 'GET', path: '/config?current=1', print: printedConfig },
  })
}

/** An answer of Proxmox' REST interface as JSON. `path` is made of checked names only. */
function get(path: string): HostCommand {
  return {
    program: 'pvesh',
    kind: 'read',
    args: ['get', path, '--output-format', 'json'],
    rest: () => ({ method: 'GET', path, isTask: false }),
  }
}

export function readNodeStatus(node: string): HostCommand {
  return get(`/nodes/${node}/status`)
}

export function readClusterStatus(): HostCommand {
  return get('/cluster/status')
}

/** The times that Proxmox gives the history of a guest for. Source: PVE::API2::LXC, rrddata. */
export type Timeframe = 'day' | 'week' | 'month' | 'year'

/** The history of a container over a time: means, or the highest minutes. */
export function readRrdData(node: string, vmid: number, timeframe: Timeframe, cf: 'AVERAGE' | 'MAX'): HostCommand {
  const path = `/nodes/${node}/lxc/${vmid}/rrddata`
  return {
    program: 'pvesh',
    kind: 'read',
    args: ['get', path, '--timeframe', timeframe, '--cf', cf, '--output-format', 'json'],
    rest: () => ({ method: 'GET', path: `${path}?timeframe=${timeframe}&cf=${cf}`, isTask: false }),
  }
}

/** A file of rrdtool as text. Proxmox makes them for root only. Source: pve-cluster, src/pmxcfs/pmxcfs.c, umask(027). */
export function readRrdFile(path: string): HostCommand {
  return {
    program: 'base64',
    kind: 'read',
    args: ['-w0', path],
    rest() {
      throw new AutoscaleError('HOST_UNREADABLE', `${path}: no file of the host can be read over its REST interface`)
    },
  }
}
