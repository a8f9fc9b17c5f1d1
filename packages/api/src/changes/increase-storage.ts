import type { ContainerFacts } from '../host/container-facts.ts'
import { growRootDisk } from '../pct/commands.ts'
import { filesystemProblem } from '../pct/parse-output.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
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
  const facts = await containers.read(vmid)
  progress.name(facts.name)
  checkLock(facts)
  checkState(facts)
  checkQuorum(cluster)
  const before = diskBody(facts)
  await progress.begin(before)
  const { stdout } = await progress.run(growRootDisk(vmid, growthGb))
  const after = diskBody(await containers.read(vmid))
  if (hasGrown(before.disk_gb, after.disk_gb, growthGb) === false) {
    const details = { lxc_id: vmid, before, after }
    throw notDone(`pct resize ${vmid} rootfs`, `the disk has ${after.disk_gb} GB`, details)
  }
  const problem = filesystemProblem(stdout)
  if (problem !== undefined) progress.warn(`the volume grew, its file system did not (${problem}); ${mend(facts)}`)
  return { before, after, changed: true, message: `the root disk of container ${vmid} has ${growthGb} GB more` }
}

/** What a person does to have the file system fill its volume. Source: pct and pvesm manuals. */
function mend({ vmid, values }: ContainerFacts): string {
  const [volume = ''] = (values.get('rootfs') ?? '').split(',')
  return `stop the container, run "pct fsck ${vmid}" and then resize2fs on its volume, which "pvesm path ${volume}" names`
}
