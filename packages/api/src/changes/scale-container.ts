import { type AllocationBody, AutoscaleError } from '@lxc-autoscale/core'
import type { HostSize, Limits } from '@lxc-autoscale/host'
import type { SafetySection } from '../config.ts'
import type { CgroupReader } from '../host/cgroup.ts'
import type { ClusterFiles } from '../host/cluster-files.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import { type SetOptions, setResources } from '../pct/commands.ts'
import type { Containers, HostCommands } from '../ports.ts'
import type { ChangeProgress, PerformedChange } from './change-runner.ts'
import {
  boundsOf,
  checkBounds,
  checkExpected,
  checkHostCapacity,
  checkIsRunning,
  checkLock,
  checkMemoryFloor,
  checkQuorum,
  checkState,
  isMemoryShrink,
} from './safety-rules.ts'
import { type ExpectedAllocation, missingPart, withTarget } from './target.ts'
import { allocationBody } from './wire-allocation.ts'

export interface ScaleRequest {
  readonly vmid: number
  readonly asked: SetOptions
  readonly expected: ExpectedAllocation
  readonly force: boolean
}

export interface ScaleParts {
  readonly containers: Containers
  readonly commands: HostCommands
  readonly cgroups: CgroupReader
  readonly cluster: ClusterFiles
  readonly readNode: () => HostSize
  readonly safety: SafetySection
}

export interface ScaledContainer extends PerformedChange {
  readonly before: AllocationBody
  readonly after: AllocationBody
}

/**
 * Gives a container the cores and memory that are asked for, in one `pct set`, when all rules allow it; reads back what
 * it has then.
 * @throws {AutoscaleError} by the rule that forbids it, or by what `pct` said
 */
export async function scaleContainer(
  request: ScaleRequest,
  parts: ScaleParts,
  progress: ChangeProgress,
): Promise<ScaledContainer> {
  const facts = await parts.containers.read(request.vmid)
  progress.name(facts.name)
  const before = allocationBody(facts.configured)
  checkLock(facts)
  checkState(facts)
  checkExpected(facts, request.expected)
  const missing = missingPart(request.asked, facts.configured)
  if (missing === undefined) {
    const message = `container ${request.vmid} has ${describe(request.asked)} already; nothing was changed`
    return { before, after: before, changed: false, message }
  }
  if (!request.force) await checkRules(facts, missing, parts)
  checkQuorum(parts.cluster)
  await progress.begin(before)
  await runSet(facts, missing, request.force, parts)
  const after = await readBack(request.vmid, missing, parts)
  const message = `container ${request.vmid} has ${describe(missing)} now`
  return { before, after: allocationBody(after), changed: true, message }
}

async function checkRules(facts: ContainerFacts, missing: SetOptions, parts: ScaleParts): Promise<void> {
  const { safety, containers, readNode } = parts
  const { vmid, configured: before } = facts
  if (!safety.scale_stopped) checkIsRunning(facts)
  const after = withTarget(before, missing)
  checkBounds(vmid, { before, after, bounds: boundsOf(safety, vmid) })
  const others = await runningOthers(vmid, containers)
  checkHostCapacity({ vmid, before, after, node: readNode(), others, safety })
  // Before anything is written, so that the audit log shows a plain refusal; and again right before the command.
  checkFloorNow(facts, missing, parts)
}

/** What the other running containers have. One that vanishes meanwhile needs nothing. */
export async function runningOthers(vmid: number, containers: Containers): Promise<readonly Limits[]> {
  const vmids = await containers.list()
  const others = await Promise.all(
    vmids.filter(other => other !== vmid).map(other => containers.read(other).catch(() => undefined)),
  )
  return others.flatMap(other => (other?.status === 'running' ? [other.configured] : []))
}

function checkFloorNow(facts: ContainerFacts, { memoryMb }: SetOptions, { cgroups, safety }: ScaleParts): void {
  if (memoryMb === undefined || facts.status === 'stopped' || !isMemoryShrink(facts, memoryMb)) return
  checkMemoryFloor({ facts, memoryMb, memory: cgroups.memory(facts.vmid), safety })
}

/** The memory is measured last of all, when nothing stands between the figures and the command. */
async function runSet(facts: ContainerFacts, missing: SetOptions, force: boolean, parts: ScaleParts): Promise<void> {
  const command = setResources(facts.vmid, missing)
  if (command === undefined) return
  await parts.commands.run(command, () => {
    if (!force) checkFloorNow(facts, missing, parts)
  })
}

async function readBack(vmid: number, asked: SetOptions, { containers }: ScaleParts): Promise<Limits> {
  const { configured } = await containers.read(vmid)
  const missing = missingPart(asked, configured)
  if (missing === undefined) return configured
  throw new AutoscaleError(
    'PCT_FAILED',
    `pct set ${vmid}: ended without an error, but the container has not ${describe(missing)}`,
    {
      details: { lxc_id: vmid, now: allocationBody(configured) },
    },
  )
}

function describe({ cores, cpulimit, memoryMb }: SetOptions): string {
  return [
    ...(cores === undefined ? [] : [cores === null ? 'no limit of cores' : `${cores} cores`]),
    ...(cpulimit === undefined ? [] : [cpulimit === null ? 'no cpulimit' : `a cpulimit of ${cpulimit}`]),
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB of memory`]),
  ].join(' and ')
}
