import { AutoscaleError, errorMessage, type HistoryEntryBody, type Logger } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'
import {
  cloneContainer,
  createSnapshot,
  deleteSnapshot,
  destroyContainer,
  startContainer,
  stopContainer,
} from '../pct/commands.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
import { existenceBody, readIfThere } from './observe.ts'
import { checkHostCapacity, checkLock, checkQuorum, checkState } from './safety-rules.ts'
import { runningOthers, type ScaleParts } from './scale-container.ts'

export interface CloneRequest {
  readonly vmid: number
  readonly newVmid: number
  /** As asked for; Proxmox allows no `_`. */
  readonly name: string
  readonly force: boolean
}

export interface CloneParts extends ScaleParts {
  readonly log: Logger
  /** Storage of the new disks; undefined for that of the original. */
  readonly storage: string | undefined
}

/** Name of the snapshot that a clone is made from; it is removed whatever happens. */
export function cloneSnapshotName(newVmid: number, changeId: string): string {
  return `clone-${newVmid}-${changeId.slice(0, 8)}`
}

/**
 * Makes a copy of a container and starts it.
 * @throws {AutoscaleError} ALREADY_EXISTS, HOST_CAPACITY, and as `pct` says
 */
export async function makeClone(
  request: CloneRequest,
  parts: CloneParts,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  const { vmid, newVmid, name } = request
  const facts = await parts.containers.read(vmid)
  progress.name(facts.name)
  checkLock(facts)
  checkState(facts)
  await checkIsFree(newVmid, parts)
  checkQuorum(parts.cluster)
  if (!request.force) await checkRoom(newVmid, facts, parts)
  await progress.begin({ exists: false, status: null })
  const hostname = name.replaceAll('_', '-')
  const leftover = await copyFromSnapshot({ ...request, hostname, changeId: progress.id }, parts)
  const after = await existenceBody(parts.containers, newVmid)
  if (!after.exists)
    throw new AutoscaleError(
      'PCT_FAILED',
      `pct clone ${vmid} ${newVmid}: ended without an error, but there is no container ${newVmid}`,
    )
  const renamed = hostname === name ? '' : ` (named ${hostname}: Proxmox allows no _)`
  const message = `container ${newVmid} was cloned from ${vmid} and started${renamed}${leftover}`
  return { before: { exists: false, status: null }, after, changed: true, message }
}

interface CopyRequest extends CloneRequest {
  readonly hostname: string
  readonly changeId: string
}

/** Gives what is to be said about a snapshot that could not be removed; empty when all is well. */
async function copyFromSnapshot(request: CopyRequest, parts: CloneParts): Promise<string> {
  const { vmid, newVmid, hostname, changeId } = request
  const { commands, storage } = parts
  const snapshotName = cloneSnapshotName(newVmid, changeId)
  await commands.run(createSnapshot(vmid, snapshotName, `temporary, made by lxc-autoscale, change ${changeId}`))
  try {
    const description = `cloned from ${vmid} by lxc-autoscale, change ${changeId}`
    await commands.run(cloneContainer({ vmid, newVmid, hostname, snapshotName, storage, description }))
    await commands.run(startContainer(newVmid))
  } catch (error) {
    await removeTemporary(vmid, snapshotName, parts)
    throw error
  }
  return removeTemporary(vmid, snapshotName, parts)
}

async function removeTemporary(vmid: number, name: string, { commands, log }: CloneParts): Promise<string> {
  try {
    await commands.run(deleteSnapshot(vmid, name))
    return ''
  } catch (error) {
    log.warn({ vmid, snapshot: name, problem: errorMessage(error) }, 'temporary snapshot could not be removed')
    return `; the temporary snapshot ${name} could not be removed: ${errorMessage(error)}`
  }
}

async function checkIsFree(newVmid: number, { containers, cluster }: CloneParts): Promise<void> {
  const isTaken = cluster.placeOf(newVmid) !== undefined || (await readIfThere(containers, newVmid)) !== undefined
  if (!isTaken) return
  throw new AutoscaleError('ALREADY_EXISTS', `there is a guest ${newVmid} already`, {
    details: { new_lxc_id: newVmid },
  })
}

/** The copy will run beside the original, with the same allocation. */
async function checkRoom(newVmid: number, { configured }: ContainerFacts, parts: CloneParts): Promise<void> {
  checkHostCapacity({
    vmid: newVmid,
    before: { cores: 0, cpuLimit: undefined, memoryMb: 0, swapMb: 0 },
    after: configured,
    node: parts.readNode(),
    others: await runningOthers(newVmid, parts.containers),
    safety: parts.safety,
  })
}

export interface CloneDeletion {
  readonly vmid: number
  readonly force: boolean
}

export interface CloneDeletionParts extends CloneParts {
  readonly findChange: (id: string) => Promise<HistoryEntryBody | undefined>
}

/**
 * Stops and destroys a container that this API cloned; any other one only by force.
 * @throws {AutoscaleError} STATE_NOT_ALLOWED, and as `pct` says
 */
export async function deleteClone(
  { vmid, force }: CloneDeletion,
  parts: CloneDeletionParts,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  const { containers, commands } = parts
  const facts = await containers.read(vmid)
  progress.name(facts.name)
  checkLock(facts)
  checkQuorum(parts.cluster)
  checkMayGo(facts)
  if (!force) await checkIsOurs(facts, parts)
  const before = await existenceBody(containers, vmid)
  await progress.begin(before)
  if (facts.status !== 'stopped') await commands.run(stopContainer(vmid))
  await commands.run(destroyContainer(vmid))
  const after = await existenceBody(containers, vmid)
  if (after.exists)
    throw new AutoscaleError(
      'PCT_FAILED',
      `pct destroy ${vmid}: ended without an error, but the container is still there`,
    )
  return { before, after, changed: true, message: `container ${vmid} was destroyed` }
}

function checkMayGo({ vmid, isProtected, isHaManaged }: ContainerFacts): void {
  const why = [
    isProtected ? 'it is protected' : '',
    isHaManaged === true ? 'the HA manager looks after it' : '',
  ].filter(Boolean)
  if (why.length === 0) return
  throw new AutoscaleError('STATE_NOT_ALLOWED', `container ${vmid} is not destroyed: ${why.join(', ')}`, {
    details: { lxc_id: vmid, protected: isProtected, ha_managed: isHaManaged ?? null },
  })
}

/** A clone carries the number of its change in its description; a container made later under its number does not. */
async function checkIsOurs({ vmid, values }: ContainerFacts, { findChange }: CloneDeletionParts): Promise<void> {
  const [, changeId] = /by lxc-autoscale, change ([0-9a-f-]{36})/.exec(values.get('description') ?? '') ?? []
  const change = changeId === undefined ? undefined : await findChange(changeId)
  if (change?.action === 'clone-create' && Number(change.asked['new_lxc_id']) === vmid) return
  throw new AutoscaleError(
    'STATE_NOT_ALLOWED',
    `container ${vmid} was not cloned by this API, so it is not destroyed; "force": true does it all the same`,
    { details: { lxc_id: vmid } },
  )
}
