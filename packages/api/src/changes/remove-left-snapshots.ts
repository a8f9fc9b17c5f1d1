import { AutoscaleError, type Clock, errorMessage, type Logger, MS_PER_MINUTE } from '@lxc-autoscale/core'
import type { BegunChange } from '../audit/audit-entry.ts'
import { deleteSnapshot } from '../pct/commands.ts'
import type { ContainerQueue } from '../pct/container-queue.ts'
import type { HostCommands } from '../ports.ts'
import { cloneSnapshotName } from './clone-container.ts'

export interface LeftSnapshotParts {
  readonly queue: ContainerQueue
  readonly commands: HostCommands
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** A clone that outlived its daemon holds a lock on the original until its disks are copied. */
const MAX_ATTEMPTS = 120

/** Removes the temporary snapshots of clones that were interrupted, as soon as Proxmox allows it. Never rejects. */
export async function removeLeftSnapshots(
  interrupted: readonly BegunChange[],
  parts: LeftSnapshotParts,
): Promise<void> {
  const clones = interrupted.filter(({ action }) => action === 'clone-create')
  await Promise.all(
    clones.map(({ id, lxc_id: vmid, asked }) =>
      removeLeft(vmid, cloneSnapshotName(Number(asked['new_lxc_id']), id), parts),
    ),
  )
}

async function removeLeft(
  vmid: number,
  name: string,
  { queue, commands, clock, log, signal }: LeftSnapshotParts,
): Promise<void> {
  const run = () => commands.run(deleteSnapshot(vmid, name))
  for (let attempt = 0; attempt < MAX_ATTEMPTS && !signal.aborted; attempt++) {
    try {
      await queue.run({ vmids: [vmid], isLong: true, signal, run })
      log.info({ vmid, snapshot: name }, 'temporary snapshot of an interrupted clone removed')
      return
    } catch (error) {
      if (error instanceof AutoscaleError && error.code === 'SNAPSHOT_NOT_FOUND') return
      if (!(error instanceof AutoscaleError) || !error.retryable) {
        log.warn({ vmid, snapshot: name, problem: errorMessage(error) }, 'temporary snapshot could not be removed')
        return
      }
    }
    await clock.sleep(MS_PER_MINUTE, signal)
  }
}
