import { AutoscaleError, type HistoryEntryBody, type Logger } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'
import {
  cloneContainer,
  createSnapshot,
  deleteSnapshot,
  destroyContainer,
  startContainer,
  stopContainer,
} from '../pct/commands.ts'
import type { HostCommands } from '../ports.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
import { existenceBody, notDone, readIfThere } from './observe.ts'
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
  readonly commands: HostCommands
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
  checkStorage(parts)
  checkQuorum(parts.cluster)
  if (!request.force) await checkRoom(newVmid, facts, parts)
  await progress.begin({ exists: false, status: null })
  const hostname = name.replaceAll('_', '-')
  await copyFromSnapshot({ ...request, hostname }, parts, progress)
  const problem = await problemOf(progress.run(startContainer(newVmid)))
  const after = await existenceBody(parts.containers, newVmid)
  if (!after.exists) throw notDone(`pct clone ${vmid} ${newVmid}`, `there is no container ${newVmid}`)
  if (problem !== undefined) {
    progress.warn(
      `container ${newVmid} exists (${after.status}), but could not be started: ${problem}; "pct start ${newVmid}" starts it, DELETE /clone/delete removes it`,
    )
  }
  const renamed = hostname === name ? '' : ` (named ${hostname}: Proxmox allows no _)`
  const started = problem === undefined ? ' and started' : ''
  const message = `container ${newVmid} was cloned from ${vmid}${started}${renamed}`
  return { before: { exists: false, status: null }, after, changed: true, message }
}

/** The temporary snapshot is no part of what the change leaves, so it is not one of its commands. */
async function copyFromSnapshot(
  { vmid, newVmid, hostname }: CloneRequest & { readonly hostname: string },
  { commands, storage, log }: CloneParts,
  progress: ChangeProgress,
): Promise<void> {
  const snapshotName = cloneSnapshotName(newVmid, progress.id)
  await commands.run(createSnapshot(vmid, snapshotName, `temporary, made by lxc-autoscale, change ${progress.id}`))
  try {
    const description = `cloned from ${vmid} by lxc-autoscale, change ${progress.id}`
    await progress.run(cloneContainer({ vmid, newVmid, hostname, snapshotName, storage, description }))
  } finally {
    const problem = await problemOf(commands.run(deleteSnapshot(vmid, snapshotName)))
    if (problem !== undefined) {
      log.warn({ vmid, snapshot: snapshotName, problem }, 'temporary snapshot could not be removed')
      progress.left(`the temporary snapshot ${snapshotName} could not be removed: ${problem}`)
    }
  }
}

/** What a command said that failed; undefined when it did not. A bug is thrown on. */
async function problemOf(run: Promise<unknown>): Promise<string | undefined> {
  try {
    await run
    return undefined
  } catch (error) {
    if (error instanceof AutoscaleError) return error.message
    throw error
  }
}

async function checkIsFree(newVmid: number, { containers, cluster }: CloneParts): Promise<void> {
  const isTaken = cluster.placeOf(newVmid) !== undefined || (await readIfThere(containers, newVmid)) !== undefined
  if (!isTaken) return
  throw new AutoscaleError('ALREADY_EXISTS', `there is a guest ${newVmid} already`, {
    details: { new_lxc_id: newVmid },
  })
}

/** Known before anything is made; `pct` says it only after the snapshot. */
function checkStorage({ cluster, storage }: CloneParts): void {
  const storages = cluster.storages()
  if (storage === undefined || storages === undefined || storages.has(storage)) return
  const names = [...storages.keys()].sort()
  throw new AutoscaleError(
    'STATE_NOT_ALLOWED',
    `there is no storage ${storage} (lxc.default_storage); there are ${names.join(', ')}`,
    { details: { storage, storages: names } },
  )
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
  const { containers } = parts
  const checked = async () => {
    const facts = await containers.read(vmid)
    progress.name(facts.name)
    checkLock(facts)
    checkQuorum(parts.cluster)
    checkMayGo(facts)
    if (!force) await checkIsOurs(facts, parts)
    return facts
  }
  const { status } = await checked()
  const before = await existenceBody(containers, vmid)
  await progress.begin(before)
  if (status !== 'stopped') {
    await progress.run(stopContainer(vmid))
    await destroyStopped(vmid, checked, progress)
  } else await progress.run(destroyContainer(vmid))
  const after = await existenceBody(containers, vmid)
  if (after.exists) throw notDone(`pct destroy ${vmid}`, 'the container is still there')
  return { before, after, changed: true, message: `container ${vmid} was destroyed` }
}

/** The stop took seconds: whoever wants to keep the container may have said so, or another one may stand under its number. */
async function destroyStopped(vmid: number, check: () => Promise<unknown>, progress: ChangeProgress): Promise<void> {
  try {
    await check()
    await progress.run(destroyContainer(vmid))
  } catch (error) {
    progress.left(`container ${vmid} was stopped for it and has not been started again`)
    throw error
  }
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
    `container ${vmid} was not cloned by this API, so it is not destroyed; root can: pct destroy ${vmid}`,
    { details: { lxc_id: vmid } },
  )
}
