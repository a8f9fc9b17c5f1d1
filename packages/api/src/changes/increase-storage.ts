import { AutoscaleError } from '@lxc-autoscale/core'
import { growRootDisk } from '../pct/commands.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
import { diskBody } from './observe.ts'
import { checkLock, checkQuorum, checkState } from './safety-rules.ts'
import type { ScaleParts } from './scale-container.ts'

export interface StorageRequest {
  readonly vmid: number
  readonly growthGb: number
}

/**
 * Makes the root disk of a container larger and reads its new size back. A disk cannot be made smaller again.
 * @throws {AutoscaleError} PCT_FAILED when the size is not what it should be afterwards, and as `pct` says
 */
export async function increaseStorage(
  { vmid, growthGb }: StorageRequest,
  { containers, commands, cluster }: Pick<ScaleParts, 'containers' | 'commands' | 'cluster'>,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  const facts = await containers.read(vmid)
  progress.name(facts.name)
  checkLock(facts)
  checkState(facts)
  checkQuorum(cluster)
  const before = diskBody(facts)
  await progress.begin(before)
  await commands.run(growRootDisk(vmid, growthGb))
  const after = diskBody(await containers.read(vmid))
  if (before.disk_gb !== null && after.disk_gb !== null && after.disk_gb < before.disk_gb + growthGb - ROUNDING_GB) {
    throw new AutoscaleError(
      'PCT_FAILED',
      `pct resize ${vmid} rootfs: ended without an error, but the disk has ${after.disk_gb} GB`,
      {
        details: { lxc_id: vmid, before, after },
      },
    )
  }
  return { before, after, changed: true, message: `the root disk of container ${vmid} has ${growthGb} GB more` }
}

/** Storages round sizes to their own blocks. */
const ROUNDING_GB = 0.01
