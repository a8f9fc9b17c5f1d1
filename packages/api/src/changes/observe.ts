import { AutoscaleError, asObject, type ChangeAction } from '@lxc-autoscale/core'
import { rootDiskGb } from '@lxc-autoscale/host'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { Containers } from '../ports.ts'
import type { SteeringStore } from '../steering/steering-store.ts'
import { allocationBody } from './wire-allocation.ts'

export interface ObservedChange {
  readonly action: ChangeAction
  readonly vmid: number
  readonly asked: Readonly<Record<string, unknown>>
}

export interface Observed {
  readonly containers: Containers
  readonly steering: Pick<SteeringStore, 'pauseOf' | 'modeOf'>
}

/** What a change of this kind is about, as it is now: `before` and `after` of the audit log. */
export async function observeChange(
  { containers, steering }: Observed,
  { action, vmid, asked }: ObservedChange,
): Promise<unknown> {
  switch (action) {
    case 'scale':
      return allocationBody((await containers.read(vmid)).configured)
    case 'storage-increase':
      return diskBody(await containers.read(vmid))
    case 'snapshot-create':
    case 'snapshot-delete':
      return snapshotsBody(await containers.read(vmid))
    case 'snapshot-rollback':
      return runningBody(await containers.read(vmid))
    case 'clone-create':
      return existenceBody(containers, Number(asked['new_lxc_id']))
    case 'clone-delete':
      return existenceBody(containers, vmid)
    case 'pause':
    case 'resume':
      return { paused_until: steering.pauseOf(vmid) }
    case 'mode':
      return { mode: steering.modeOf(vmid) }
  }
}

/** Whether what the host shows `after` is all that was asked for; false as well when that cannot be seen from it. */
export function showsAllDone(
  { action, asked }: Omit<ObservedChange, 'vmid'>,
  before: unknown,
  after: unknown,
): boolean {
  const seen = asObject(after)
  if (seen === undefined) return false
  switch (action) {
    case 'scale':
      return allocationParts(asked).every(([field, value]) => seen[field] === value)
    case 'storage-increase':
      return hasGrown(asObject(before)?.['disk_gb'], seen['disk_gb'], Number(asked['disk_size'])) === true
    case 'snapshot-delete':
      return Array.isArray(seen['snapshots']) && !seen['snapshots'].includes(asked['snapshot_name'])
    case 'clone-create':
      return seen['status'] === 'running'
    case 'clone-delete':
      return seen['exists'] === false
    case 'pause':
      return JSON.stringify(before) !== JSON.stringify(after)
    case 'resume':
      return seen['paused_until'] === null
    case 'mode':
      return seen['mode'] === asked['mode']
    // A snapshot stands in the configuration before it is whole; and disks that were taken back show nothing of it.
    case 'snapshot-create':
    case 'snapshot-rollback':
      return false
  }
}

/** The parts of an allocation that a request names, by their names in what is observed. */
export function allocationParts(asked: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const names = { cores: 'cores', cpulimit: 'cpulimit', memory_mb: 'memory' } as const
  return Object.entries(names).flatMap(([part, name]) => (asked[name] === undefined ? [] : [[part, asked[name]]]))
}

/** Storages round sizes to their own blocks. */
const ROUNDING_GB = 0.01

/** Whether a disk has grown by `growthGb`; undefined when its size is not known. */
export function hasGrown(before: unknown, after: unknown, growthGb: number): boolean | undefined {
  if (typeof before !== 'number' || typeof after !== 'number') return undefined
  return after >= before + growthGb - ROUNDING_GB
}

export function diskBody({ values }: ContainerFacts) {
  return { disk_gb: rootDiskGb(values) ?? null }
}

export function snapshotsBody({ snapshots }: ContainerFacts) {
  return { snapshots: snapshots?.map(({ name }) => name) ?? null }
}

export function runningBody({ configured, status }: ContainerFacts) {
  return { ...allocationBody(configured), status }
}

/** Whether there is a container of that number on this node. */
export async function existenceBody(containers: Containers, vmid: number) {
  const facts = await readIfThere(containers, vmid)
  return { exists: facts !== undefined, status: facts?.status ?? null }
}

/** A command that ended well has not done what it was asked for. */
export function notDone(
  command: string,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
): AutoscaleError {
  return new AutoscaleError('PCT_FAILED', `${command}: ended without an error, but ${what}`, { details })
}

/** The container; undefined when there is none. */
export async function readIfThere(containers: Containers, vmid: number): Promise<ContainerFacts | undefined> {
  try {
    return await containers.read(vmid)
  } catch (error) {
    if (error instanceof AutoscaleError && error.code === 'CONTAINER_NOT_FOUND') return undefined
    throw error
  }
}
