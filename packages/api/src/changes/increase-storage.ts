import { AutoscaleError } from '@lxc-autoscale/core'
import type { ContainerFacts } from '../host/container-facts.ts'
import { growRootDisk } from '../pct/commands.ts'
import { filesystemProblem } from '../pct/parse-output.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
import { compareAndSet } from './compare-and-set.ts'
import { diskBody, hasGrown, notDone } from './observe.ts'
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
  { containers, cluster }: Pick<ScaleParts, 'containers' | 'cluster'>,
  progress: ChangeProgress,
): Promise<PerformedChange> {
  let isBegun = false
  return await compareAndSet({
    read: () => containers.read(vmid),
    checkSame: checkDisk,
    make: async facts => {
      progress.name(facts.name)
      checkLock(facts)
      checkState(facts)
      checkQuorum(cluster)
      const before = diskBody(facts)
      if (!isBegun) await progress.begin(before)
      isBegun = true
      const { stdout } = await progress.run(growRootDisk(vmid, growthGb, facts.digest))
      const after = diskBody(await containers.read(vmid))
      if (hasGrown(before.disk_gb, after.disk_gb, growthGb) === false) {
        const details = { lxc_id: vmid, before, after }
        throw notDone(`pct resize ${vmid} rootfs`, `the disk has ${after.disk_gb} GB`, details)
      }
      const problem = filesystemProblem(stdout)
      if (problem !== undefined) progress.warn(`the volume grew, its file system did not (${problem}); ${mend(facts)}`)
      return { before, after, changed: true, message: `the root disk of container ${vmid} has ${growthGb} GB more` }
    },
  })
}

/** Two who see a full disk do not both make it larger. */
function checkDisk(before: ContainerFacts, now: ContainerFacts): void {
  if (before.values.get('rootfs') === now.values.get('rootfs')) return
  throw new AutoscaleError(
    'ALLOCATION_MOVED',
    `somebody else changed the root disk of container ${now.vmid} meanwhile`,
    {
      details: { lxc_id: now.vmid, moved: ['rootfs'], now: diskBody(now) },
    },
  )
}

/** What a person does to have the file system fill its volume. Source: pct and pvesm manuals. */
function mend({ vmid, values }: ContainerFacts): string {
  const [volume = ''] = (values.get('rootfs') ?? '').split(',')
  return `stop the container, run "pct fsck ${vmid}" and then resize2fs on its volume, which "pvesm path ${volume}" names`
}
