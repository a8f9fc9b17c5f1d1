import { type AllocationBody, AutoscaleError, type Clock, MS_PER_SECOND, type PlacementBody } from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB, type HostSize, type Limits } from '@lxc-autoscale/host'
import type { SafetySection } from '../config.ts'
import type { CgroupReader, MemoryTrouble } from '../host/cgroup.ts'
import type { ClusterFiles } from '../host/cluster-files.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { SetOptions, setResources } from '../pct/commands.ts'
import type { Containers } from '../ports.ts'
import type { Change, ChangeProgress, PerformedChange } from './change-runner.ts'
import { compareAndSet, isModified } from './compare-and-set.ts'
import { notDone } from './observe.ts'
import { type Homeless, placement } from './placement.ts'
import {
  boundsOf,
  checkBounds,
  checkExpected,
  checkHostCapacity,
  checkIsRunning,
  checkLock,
  checkMemoryFloor,
  checkNoWait,
  checkQuorum,
  checkRawLimits,
  checkState,
  isMemoryShrink,
  linesInTheWay,
  notMeasuredHere,
} from './safety-rules.ts'
import { type ExpectedLimits, expectedAs, missingPart, movedParts, withTarget } from './target.ts'
import { SetWatch } from './watch-set.ts'
import { allocationBody } from './wire-allocation.ts'

export interface ScaleRequest {
  readonly vmid: number
  readonly asked: SetOptions
  readonly expected: ExpectedLimits
  readonly force: boolean
}

export interface ScaleParts {
  readonly containers: Containers
  readonly cgroups: Pick<CgroupReader, 'memory' | 'memoryHold' | 'trouble'>
  /** What sets it. */
  readonly setCommand: typeof setResources
  readonly cluster: ClusterFiles
  readonly clock: Clock
  readonly readNode: () => HostSize
  readonly safety: SafetySection
  /**
   * Whether Proxmox would have to wait before it changes a container; undefined where what waits can be stopped. A request to
   * the REST interface cannot: it writes its memory limit when its turn comes, however much the container has grown by then. So
   * none is sent that would wait, which leaves the moment that an answer takes; and the container is looked at right after it.
   */
  readonly isLocked: ((vmid: number) => boolean) | undefined
  /** The other node that it is on: what it cannot give up, and whether it runs at this moment, is not known here. No force takes memory from it. */
  readonly elsewhere?: string
  /** Told of each memory limit of a running container that was lowered, other than by force. */
  readonly onShrink: (shrink: Shrink) => void
}

/** A memory limit that was lowered. */
export interface Shrink {
  readonly changeId: string
  readonly vmid: number
  readonly fromMb: number
  readonly toMb: number
  /** Before it was lowered. */
  readonly trouble: MemoryTrouble
}

export interface ScaledContainer extends PerformedChange {
  readonly before: AllocationBody
  readonly after: AllocationBody
}

/** A change of an allocation; the undoing of one is such a change as well. */
export function scaleChange(parts: ScaleParts, request: ScaleRequest): Change {
  const { cores, cpuLimit: cpulimit, memoryMb: memory } = request.asked
  return {
    action: 'scale',
    vmid: request.vmid,
    asked: { lxc_id: request.vmid, cores, cpulimit, memory },
    containers: parts.containers,
    perform: progress => scaleContainer(request, parts, progress),
  }
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
  let isBegun = false
  const begin = async (facts: ContainerFacts, missing: SetOptions) => {
    if (isBegun) return
    isBegun = true
    for (const line of linesInTheWay(facts, missing)) progress.warn(`it has no effect: its configuration holds ${line}`)
    await progress.begin(allocationBody(facts.configured))
  }
  return await compareAndSet({
    read: () => parts.containers.read(request.vmid),
    make: facts => scaleAsRead({ ...request, facts, begin }, parts, progress),
    checkSame: (before, now) => checkExpected(now, expectedAs(before.configured)),
  })
}

interface ScaleAttempt extends ScaleRequest {
  /** What it is decided from. */
  readonly facts: ContainerFacts
  /** Notes the change as begun, once. */
  readonly begin: (facts: ContainerFacts, missing: SetOptions) => Promise<void>
}

async function scaleAsRead(attempt: ScaleAttempt, parts: ScaleParts, progress: ChangeProgress) {
  const { facts, asked, force, begin } = attempt
  progress.name(facts.name)
  const before = allocationBody(facts.configured)
  const missing = await allowedPart(attempt, parts)
  if (missing === undefined) {
    const message = `container ${facts.vmid} has ${describe(asked)} already; nothing was changed`
    return { before, after: before, changed: false, message }
  }
  await begin(facts, missing)
  const trouble = parts.cgroups.trouble(facts.vmid)
  const after = await setAndReadBack({ facts, missing, force, parts, progress })
  if (!force && takesMemory(facts, missing)) {
    const fromMb = facts.configured.memoryMb ?? DEFAULT_MEMORY_MB
    parts.onShrink({ changeId: progress.id, vmid: facts.vmid, fromMb, toMb: missing.memoryMb, trouble })
  }
  const message = `container ${facts.vmid} has ${describe(missing)} now`
  return { before, after: allocationBody(after), changed: true, message }
}

/** What would have to be set for `asked`; undefined when the container has it. @throws {AutoscaleError} by the rule that forbids it */
async function allowedPart(
  { facts, asked, expected, force }: Omit<ScaleAttempt, 'begin'>,
  parts: ScaleParts,
): Promise<SetOptions | undefined> {
  checkLock(facts)
  checkState(facts)
  checkExpected(facts, expected)
  const missing = missingPart(asked, facts.configured)
  if (missing === undefined) return undefined
  if (!force) await checkRules(facts, missing, parts)
  else if (parts.elsewhere !== undefined) checkFloorNow(facts, missing, parts)
  checkQuorum(parts.cluster)
  return missing
}

/** What `request` would do now, by the same rules; nothing is written. @throws {AutoscaleError} by the rule that forbids it */
export async function previewScale(request: ScaleRequest, parts: ScaleParts): Promise<ScaledContainer> {
  const facts = await parts.containers.read(request.vmid)
  const missing = await allowedPart({ ...request, facts }, parts)
  const before = allocationBody(facts.configured)
  if (missing === undefined) {
    const message = `container ${facts.vmid} has ${describe(request.asked)} already; nothing would be changed`
    return { before, after: before, changed: false, message }
  }
  const after = allocationBody(withTarget(facts.configured, missing))
  return { before, after, changed: false, message: `container ${facts.vmid} would have ${describe(missing)}` }
}

async function checkRules(facts: ContainerFacts, missing: SetOptions, parts: ScaleParts): Promise<void> {
  const { safety, containers, readNode, elsewhere } = parts
  const { vmid, configured: before } = facts
  if (!safety.scale_stopped) checkIsRunning(facts)
  checkRawLimits(facts, missing)
  const after = withTarget(before, missing)
  checkBounds(vmid, { before, after, bounds: boundsOf(safety, vmid) })
  const others = await runningOthers(vmid, containers)
  try {
    const place = elsewhere === undefined ? 'the host' : `node ${elsewhere}`
    checkHostCapacity({ vmid, before, after, place, node: readNode(), others, safety })
  } catch (error) {
    throw withPlacement(error, placementOf({ facts, after }, parts))
  }
  // Before anything is written, so that the audit log shows a plain refusal; and again right before the command.
  checkFloorNow(facts, missing, parts)
}

/** The refusal of a host that is full says who could carry the container. */
function withPlacement(error: unknown, found: PlacementBody | undefined): unknown {
  if (!(error instanceof AutoscaleError) || error.code !== 'HOST_CAPACITY' || found === undefined) return error
  const { candidates, command, caveats, text } = found
  const details = { ...error.details, candidates, command, caveats }
  return new AutoscaleError('HOST_CAPACITY', `${error.message}; ${text}`, { details, cause: error })
}

/** Who could carry a container that has no room here; undefined without a cluster, or when its files cannot be read. */
export function placementOf(
  homeless: Homeless,
  { cluster, clock, safety }: Pick<ScaleParts, 'cluster' | 'clock' | 'safety'>,
): PlacementBody | undefined {
  const members = cluster.members()
  if (members === undefined || members.nodes.size < 2) return undefined
  const [places, broadcasts, storages] = [cluster.places(), cluster.broadcasts(), cluster.storages()]
  if (places === undefined || broadcasts === undefined || storages === undefined) return undefined
  const nowSeconds = clock.nowMs() / MS_PER_SECOND
  const [ha, balancer] = [cluster.ha(), cluster.balancer()]
  return placement(homeless, { members, places, broadcasts, storages, ha, balancer, nowSeconds, safety })
}

/** What the other running containers have. One that vanishes meanwhile needs nothing. */
export async function runningOthers(vmid: number, containers: Containers): Promise<readonly Limits[]> {
  const vmids = await containers.list()
  const others = await Promise.all(
    vmids.filter(other => other !== vmid).map(other => containers.read(other).catch(() => undefined)),
  )
  return others.flatMap(other => (other?.status === 'running' ? [other.configured] : []))
}

function checkFloorNow(facts: ContainerFacts, missing: SetOptions, { cgroups, safety, elsewhere }: ScaleParts): void {
  if (!takesMemory(elsewhere === undefined ? facts : { ...facts, status: 'unknown' }, missing)) return
  if (elsewhere !== undefined) throw notMeasuredHere(facts.vmid, elsewhere)
  checkMemoryFloor({ facts, memoryMb: missing.memoryMb, memory: cgroups.memory(facts.vmid), safety })
}

/** Whether memory is taken from a container that may be running. */
function takesMemory(facts: ContainerFacts, missing: SetOptions): missing is SetOptions & { memoryMb: number } {
  const { memoryMb } = missing
  return memoryMb !== undefined && facts.status !== 'stopped' && isMemoryShrink(facts, memoryMb)
}

interface SetStep {
  readonly facts: ContainerFacts
  readonly missing: SetOptions
  readonly force: boolean
  readonly parts: ScaleParts
  readonly progress: ChangeProgress
}

/**
 * Runs `pct set` and gives what the container has then. The memory is measured right before the command, and again and again
 * until it writes: it may take long to start, and wait for its lock.
 */
async function setAndReadBack(step: SetStep): Promise<Limits> {
  const { facts, missing, force, parts, progress } = step
  const command = parts.setCommand(facts.vmid, missing, facts.digest)
  if (command === undefined) return facts.configured
  const checkFloor = () => checkFloorNow(facts, missing, parts)
  const watch = new SetWatch({ facts, asked: missing, parts, checkFloor: force ? undefined : checkFloor })
  let isStarted = false
  let failure: AutoscaleError | undefined
  try {
    await progress.run(command, () => {
      if (!force && takesMemory(facts, missing)) checkNoWait(facts, parts.isLocked)
      if (!force) checkFloor()
      isStarted = true
      return watch.begin()
    })
  } catch (error) {
    if (!isStarted || !(error instanceof AutoscaleError)) throw error
    failure = error
  } finally {
    await watch.end()
  }
  const configured =
    failure === undefined
      ? (await parts.containers.read(facts.vmid)).configured
      : await afterFailure(failure, watch, step)
  const overwritten = watch.overwritten(configured)
  if (overwritten !== undefined) progress.overwrote(overwritten)
  if (missingPart(missing, configured) === undefined) return configured
  throw goneAgain(step, configured)
}

/** `pct` has ended well, and the container has something else: somebody set it after that, or `pct` did nothing. */
function goneAgain({ facts, missing }: SetStep, now: Limits): AutoscaleError {
  const details = { lxc_id: facts.vmid, now: allocationBody(now) }
  const what = `the container has not ${describe(missing)}`
  if (movedParts(expectedAs(facts.configured), now).length === 0) return notDone(`pct set ${facts.vmid}`, what, details)
  return new AutoscaleError(
    'ALLOCATION_MOVED',
    `somebody else set something right after pct set ${facts.vmid}: ${what}`,
    {
      leaves: 'half-done',
      details,
    },
  )
}

/**
 * What the container has after a `pct set` that failed: it writes the cgroup first, then the configuration, then more, so
 * that all may be done, a part, or nothing.
 * @throws {AutoscaleError} `failure`, with what it leaves, unless all is done; why it was stopped when that left nothing
 */
async function afterFailure(failure: AutoscaleError, watch: SetWatch, step: SetStep): Promise<Limits> {
  const { facts, missing, parts, progress } = step
  if (isModified(failure)) throw failure
  // It has just moved to another node: that says where it is.
  if (failure.code === 'CONTAINER_NOT_FOUND') await parts.containers.read(facts.vmid)
  const wasStopped = watch.refusal !== undefined && failure.leaves !== 'unknown'
  const read = () => parts.containers.read(facts.vmid).catch(() => undefined)
  let now = await read()
  // Reclaim in the kernel may hold pct up until its time is over: then the limit is half moved as well.
  const wasCut = wasStopped || failure.leaves === 'unknown'
  if (wasCut && watch.isMoved && now?.configured.memoryMb === facts.configured.memoryMb) {
    await bringBackMemory(step)
    now = await read()
  }
  if (now === undefined) throw failure
  if (stateOf(now) === stateOf(facts)) throw (wasStopped ? watch.refusal : undefined) ?? failure
  if (failure.leaves !== 'untouched' && hasAll(now, missing)) {
    progress.warn(`it took effect, but ${failure.message}`)
    return now.configured
  }
  const { code, message, cause } = failure
  const leaves = failure.leaves === 'untouched' ? 'half-done' : failure.leaves
  const found = { now: allocationBody(now.configured), in_force: allocationBody(now.inForce) }
  throw new AutoscaleError(code, message, { leaves, cause, details: { ...failure.details, ...found } })
}

/**
 * Brings into force what is configured, when `pct` was stopped in the moment in which it moved the kernel's limit. It takes two
 * steps. Source: PVE::LXC::Config, vmconfig_hotplug_pending: what is configured already is not brought into force again.
 */
async function bringBackMemory({ facts, missing, parts, progress }: SetStep): Promise<void> {
  const memoryMb = facts.configured.memoryMb ?? DEFAULT_MEMORY_MB
  for (const stepMb of [memoryMb + 1, memoryMb]) {
    const command = parts.setCommand(facts.vmid, { memoryMb: stepMb })
    if (command !== undefined) await progress.run(command)
  }
  progress.warn(`its limit was ${missing.memoryMb} MB for a moment; ${memoryMb} MB were brought back into force`)
}

/** Whether all that was asked for is configured and, where the kernel shows it at once, in force; the CPU set follows within seconds. */
function hasAll({ status, configured, inForce }: ContainerFacts, asked: SetOptions): boolean {
  const { cores, ...atOnce } = asked
  const isInForce = status === 'stopped' || missingPart(atOnce, inForce) === undefined
  return isInForce && missingPart(asked, configured) === undefined
}

/** All limits but the CPU set in force, which Proxmox moves by itself. */
function stateOf({ configured, inForce }: ContainerFacts): string {
  return JSON.stringify([configured, { ...inForce, cores: undefined }])
}

function describe({ cores, cpuLimit, memoryMb }: SetOptions): string {
  return [
    ...(cores === undefined
      ? []
      : [cores === null ? 'no limit of cores' : `${cores} ${cores === 1 ? 'core' : 'cores'}`]),
    ...(cpuLimit === undefined ? [] : [cpuLimit === null ? 'no cpulimit' : `a cpulimit of ${cpuLimit}`]),
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB of memory`]),
  ].join(' and ')
}
