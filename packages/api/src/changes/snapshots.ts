import { AutoscaleError } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'
import { createSnapshot, deleteSnapshot, rollbackSnapshot } from '../pct/commands.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
import { notDone, runningBody, snapshotsBody } from './observe.ts'
import { boundsOf, checkBounds, checkLock, checkQuorum, checkState } from './safety-rules.ts'
import type { ScaleParts } from './scale-container.ts'

export interface SnapshotTarget {
  readonly vmid: number
  readonly name: string
}

export interface RollbackTarget extends SnapshotTarget {
  readonly force: boolean
}

type SnapshotParts = Pick<ScaleParts, 'containers' | 'cluster'>
type RollbackParts = SnapshotParts & Pick<ScaleParts, 'safety'>

/** Takes a snapshot of a container, which keeps running. @throws {AutoscaleError} ALREADY_EXISTS, and as `pct` says */
export async function takeSnapshot(
  target: SnapshotTarget,
  parts: SnapshotParts,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  const { vmid, name } = target
  const facts = await readForChange(vmid, parts, progress)
  checkState(facts)
  if (hasSnapshot(facts, name) === true) {
    throw new AutoscaleError('ALREADY_EXISTS', `container ${vmid} has a snapshot ${name} already`, {
      details: { lxc_id: vmid, snapshot_name: name },
    })
  }
  const before = snapshotsBody(facts)
  await progress.begin(before)
  await progress.run(createSnapshot(vmid, name, `made by lxc-autoscale, change ${progress.id}`))
  const now = await parts.containers.read(vmid)
  if (hasSnapshot(now, name) === false) throw notDone(`pct snapshot ${vmid} ${name}`, 'there is no such snapshot')
  return { before, after: snapshotsBody(now), changed: true, message: `snapshot ${name} of container ${vmid} was made` }
}

/**
 * Takes a container back to a snapshot, its allocation included, which must be within the bounds as far as it is told. It is
 * stopped for that, and started again if it ran.
 * @throws {AutoscaleError} SNAPSHOT_NOT_FOUND, OUT_OF_BOUNDS, and as `pct` says
 */
export async function rollBack(
  target: RollbackTarget,
  parts: RollbackParts,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  const { vmid, name } = target
  const facts = await readForChange(vmid, parts, progress)
  checkState(facts)
  requireSnapshot(facts, name)
  const limits = facts.snapshots?.find(snapshot => snapshot.name === name)?.limits
  if (!target.force && limits !== undefined) {
    checkBounds(vmid, { before: facts.configured, after: limits, bounds: boundsOf(parts.safety, vmid) })
  }
  const before = runningBody(facts)
  await progress.begin(before)
  const wasRunning = facts.status === 'running'
  await progress.run(rollbackSnapshot(vmid, name, wasRunning))
  const after = runningBody(await parts.containers.read(vmid))
  const started = wasRunning ? ' and started again' : ''
  return { before, after, changed: true, message: `container ${vmid} was taken back to snapshot ${name}${started}` }
}

/** Removes a snapshot. @throws {AutoscaleError} SNAPSHOT_NOT_FOUND, and as `pct` says */
export async function removeSnapshot(
  target: SnapshotTarget,
  parts: SnapshotParts,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  const { vmid, name } = target
  const facts = await readForChange(vmid, parts, progress)
  requireSnapshot(facts, name)
  const before = snapshotsBody(facts)
  await progress.begin(before)
  await progress.run(deleteSnapshot(vmid, name))
  const now = await parts.containers.read(vmid)
  if (hasSnapshot(now, name) === true) throw notDone(`pct delsnapshot ${vmid} ${name}`, 'the snapshot is still there')
  return {
    before,
    after: snapshotsBody(now),
    changed: true,
    message: `snapshot ${name} of container ${vmid} was removed`,
  }
}

async function readForChange(
  vmid: number,
  { containers, cluster }: SnapshotParts,
  progress: ChangeProgress,
): Promise<ContainerFacts> {
  const facts = await containers.read(vmid)
  progress.name(facts.name)
  checkLock(facts)
  checkQuorum(cluster)
  return facts
}

/** Undefined when the snapshots are not known here; then `pct` says. */
function hasSnapshot({ snapshots }: ContainerFacts, name: string): boolean | undefined {
  return snapshots?.some(snapshot => snapshot.name === name)
}

function requireSnapshot(facts: ContainerFacts, name: string): void {
  if (hasSnapshot(facts, name) !== false) return
  throw new AutoscaleError('SNAPSHOT_NOT_FOUND', `container ${facts.vmid} has no snapshot ${name}`, {
    details: { lxc_id: facts.vmid, snapshot_name: name },
  })
}
