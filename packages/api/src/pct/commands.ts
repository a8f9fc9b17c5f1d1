import type { CommandKind, HostCommand } from '../ports.ts'

/** What `pct set` shall change. `null` removes the setting; undefined leaves it. */
export interface SetOptions {
  readonly cores?: number | null | undefined
  readonly cpuLimit?: number | null | undefined
  readonly memoryMb?: number | undefined
}

function pct(kind: CommandKind, ...args: readonly string[]): HostCommand {
  return { program: 'pct', kind, args }
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
  const options = [
    ...(typeof cores === 'number' ? ['-cores', String(cores)] : []),
    ...(typeof cpuLimit === 'number' ? ['-cpulimit', String(cpuLimit)] : []),
    ...(memoryMb === undefined ? [] : ['-memory', String(memoryMb)]),
    ...(removed.length === 0 ? [] : ['-delete', removed.join(',')]),
  ]
  return options.length === 0 ? undefined : pct('set', 'set', String(vmid), ...options, ...ifUnmodified(digest))
}

export function growRootDisk(vmid: number, gigabytes: number, digest?: string): HostCommand {
  return pct('resize', 'resize', String(vmid), 'rootfs', `+${gigabytes}G`, ...ifUnmodified(digest))
}

/** `pct` compares under its lock, right before it writes. Source: PVE::API2::LXC::Config, update_vm; PVE::API2::LXC, resize_vm. */
function ifUnmodified(digest: string | undefined): readonly string[] {
  return digest === undefined ? [] : ['--digest', digest]
}

export function createSnapshot(vmid: number, name: string, description: string): HostCommand {
  return pct('snapshot', 'snapshot', String(vmid), name, '--description', description)
}

/** `isToStart`: a running container is killed by a rollback and would stay stopped. */
export function rollbackSnapshot(vmid: number, name: string, isToStart: boolean): HostCommand {
  return pct('snapshot', 'rollback', String(vmid), name, ...(isToStart ? ['--start', '1'] : []))
}

export function deleteSnapshot(vmid: number, name: string): HostCommand {
  return pct('snapshot', 'delsnapshot', String(vmid), name)
}

export function listSnapshots(vmid: number): HostCommand {
  return pct('read', 'listsnapshot', String(vmid))
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
  return pct(
    'clone',
    'clone',
    String(vmid),
    String(newVmid),
    '--hostname',
    hostname,
    '--snapname',
    snapshotName,
    '--full',
    '1',
    '--description',
    description,
    ...(storage === undefined ? [] : ['--storage', storage]),
  )
}

export function startContainer(vmid: number): HostCommand {
  return pct('power', 'start', String(vmid))
}

export function stopContainer(vmid: number): HostCommand {
  return pct('power', 'stop', String(vmid))
}

export function destroyContainer(vmid: number): HostCommand {
  return pct('destroy', 'destroy', String(vmid))
}

export function listContainers(): HostCommand {
  return pct('read', 'list')
}

export function readStatus(vmid: number): HostCommand {
  return pct('read', 'status', String(vmid))
}

/** What is in force, without the changes that wait for the next start. */
export function readConfig(vmid: number): HostCommand {
  return pct('read', 'config', String(vmid), '--current', '1')
}

/** An answer of Proxmox' REST interface as JSON. `path` is made of checked names only. */
function get(path: string): HostCommand {
  return { program: 'pvesh', kind: 'read', args: ['get', path, '--output-format', 'json'] }
}

export function readNodeStatus(node: string): HostCommand {
  return get(`/nodes/${node}/status`)
}

export function readClusterStatus(): HostCommand {
  return get('/cluster/status')
}
