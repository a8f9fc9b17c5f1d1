import { AutoscaleError, BYTES_PER_MB } from '@lxc-autoscale/core'
import { DEFAULT_MEMORY_MB, type HostSize, type Limits } from '@lxc-autoscale/host'
import type { Bounds, SafetySection } from '../config.ts'
import type { ClusterFiles } from '../host/cluster-files.ts'
import type { MemoryFacts } from '../host/container-cgroup.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { SetOptions } from '../pct/commands.ts'
import { type ExpectedLimits, movedParts } from './target.ts'
import { allocationBody } from './wire-allocation.ts'

/** @throws {AutoscaleError} CONTAINER_LOCKED when Proxmox holds a lock on it */
export function checkLock({ vmid, lock }: ContainerFacts): void {
  if (lock === undefined) return
  throw new AutoscaleError('CONTAINER_LOCKED', `container ${vmid} is locked by Proxmox (${lock})`, {
    details: { lxc_id: vmid, lock },
  })
}

/** @throws {AutoscaleError} CONTAINER_LOCKED when somebody is at work on it, so that a command would have to wait */
export function checkNoWait({ vmid }: ContainerFacts, isLocked: ((vmid: number) => boolean) | undefined): void {
  if (isLocked?.(vmid) !== true) return
  throw new AutoscaleError(
    'CONTAINER_LOCKED',
    `Proxmox is at work on container ${vmid}; its memory limit is not lowered meanwhile`,
    {
      details: { lxc_id: vmid, lock: 'file' },
    },
  )
}

/** @throws {AutoscaleError} STATE_NOT_ALLOWED for a template, or while the HA manager moves the container or is asked to */
export function checkState({ vmid, isTemplate, haState, haBusy }: ContainerFacts): void {
  if (isTemplate) throw notAllowed(vmid, 'template', `container ${vmid} is a template`)
  if (haBusy === undefined) return
  throw notAllowed(vmid, `ha:${haState ?? 'unknown'}`, `container ${vmid} is left alone: ${haBusy}`)
}

/** @throws {AutoscaleError} STATE_NOT_ALLOWED when it does not run */
export function checkIsRunning({ vmid, status }: ContainerFacts): void {
  if (status === 'running') return
  throw notAllowed(vmid, status, `container ${vmid} does not run (${status}); safety.scale_stopped allows it`)
}

function notAllowed(vmid: number, state: string, message: string): AutoscaleError {
  return new AutoscaleError('STATE_NOT_ALLOWED', message, { details: { lxc_id: vmid, state } })
}

/** The lines of raw LXC configuration that keep what is asked for from having an effect. */
export function linesInTheWay({ rawLimits }: ContainerFacts, asked: SetOptions): readonly string[] {
  const isCpu = asked.cores !== undefined || asked.cpuLimit !== undefined
  return [isCpu ? rawLimits.cores : undefined, asked.memoryMb === undefined ? undefined : rawLimits.memory].filter(
    line => line !== undefined,
  )
}

/** @throws {AutoscaleError} STATE_NOT_ALLOWED when raw LXC configuration settles what is asked for */
export function checkRawLimits(facts: ContainerFacts, asked: SetOptions): void {
  const lines = linesInTheWay(facts, asked)
  if (lines.length === 0) return
  const text = `container ${facts.vmid}: pct would have no effect, its configuration holds ${lines.join(' and ')}`
  throw notAllowed(facts.vmid, 'raw', text)
}

/**
 * Without quorum `pct set` changes the cgroup and then fails to save: the two would differ.
 * @throws {AutoscaleError} NO_QUORUM
 */
export function checkQuorum(cluster: ClusterFiles): void {
  if (cluster.members()?.isQuorate !== false) return
  throw new AutoscaleError('NO_QUORUM', 'the cluster has no quorum; Proxmox could not save the change')
}

/** @throws {AutoscaleError} ALLOCATION_MOVED when it no longer has what the caller decided from */
export function checkExpected({ vmid, configured }: ContainerFacts, expected: ExpectedLimits): void {
  const moved = movedParts(expected, configured)
  if (moved.length === 0) return
  const differences = [
    { name: 'cores', has: configured.cores, was: expected.cores },
    { name: 'cpulimit', has: configured.cpuLimit, was: expected.cpuLimit },
    { name: 'memory', has: configured.memoryMb, was: expected.memoryMb },
  ].flatMap(({ name, has, was }) =>
    moved.includes(name) ? [`${name} ${has ?? 'not set'} instead of ${was ?? 'not set'}`] : [],
  )
  const text = `container ${vmid} has not what was expected: ${differences.join(', ')}`
  throw new AutoscaleError('ALLOCATION_MOVED', text, {
    details: { lxc_id: vmid, moved, now: allocationBody(configured) },
  })
}

/** The bounds of one container: its own, and the general ones where it has none. */
export function boundsOf({ limits, containers }: SafetySection, vmid: number): Bounds {
  return { ...limits, ...containers[String(vmid)] }
}

/**
 * @throws {AutoscaleError} OUT_OF_BOUNDS when something that changes would leave the bounds and be no nearer to them; no limit
 * of cores at all is more than any bound
 */
export function checkBounds(vmid: number, { before, after, bounds }: BoundsCheck): void {
  const checks = [
    { name: 'cores', before: before.cores, after: after.cores, min: bounds.min_cores, max: bounds.max_cores },
    { name: 'cpulimit', before: before.cpuLimit, after: after.cpuLimit, min: bounds.min_cores, max: bounds.max_cores },
    {
      name: 'memory',
      before: before.memoryMb,
      after: after.memoryMb,
      min: bounds.min_memory_mb,
      max: bounds.max_memory_mb,
    },
  ]
  for (const { name, before: from, after: to, min = 0, max = Number.POSITIVE_INFINITY } of checks) {
    if (to === undefined || to === from || (to >= min && to <= max)) continue
    const isTowards = from !== undefined && ((to < min && to > from) || (to > max && to < from))
    if (isTowards) continue
    throw outOfBounds(vmid, { field: name, value: to, min, max })
  }
  const { min_cores: min = 0, max_cores: max } = bounds
  if (max === undefined || coreLimit(after) !== undefined || coreLimit(before) === undefined) return
  throw outOfBounds(vmid, { field: 'cores', value: null, min, max })
}

interface OutOfBounds {
  readonly field: string
  /** `null`: no limit. */
  readonly value: number | null
  readonly min: number
  readonly max: number
}

function outOfBounds(vmid: number, { field, value, min, max }: OutOfBounds): AutoscaleError {
  const bound =
    (value ?? max) < min ? `below the least that safety allows, ${min}` : `above the most that safety allows, ${max}`
  const text = `container ${vmid}: ${field} ${value ?? 'without a limit'} is ${bound}`
  const details = { lxc_id: vmid, field, value, min, max: Number.isFinite(max) ? max : null }
  return new AutoscaleError('OUT_OF_BOUNDS', text, { details })
}

export interface BoundsCheck {
  readonly before: Limits
  readonly after: Limits
  readonly bounds: Bounds
}

export interface CapacityCheck {
  readonly vmid: number
  readonly before: Limits
  readonly after: Limits
  /** What that node is called in a sentence: `the host` when it is this one. */
  readonly place?: string
  readonly node: HostSize
  /** What the other running containers of this node have. */
  readonly others: readonly Limits[]
  readonly safety: SafetySection
}

/** @throws {AutoscaleError} HOST_CAPACITY when the host cannot carry what grows; HOST_UNREADABLE when that cannot be told */
export function checkHostCapacity(check: CapacityCheck): void {
  checkCpuCapacity(check)
  checkMemoryCapacity(check)
}

/** Cores that a container can use; undefined when only the host limits it. */
export function coreLimit({ cores, cpuLimit }: Limits): number | undefined {
  const limits = [cores, cpuLimit].filter(limit => limit !== undefined)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

function checkCpuCapacity({ vmid, before, after, place = 'the host', node, others, safety }: CapacityCheck): void {
  const [from, to] = [coreLimit(before), coreLimit(after)]
  if (to === undefined || from === undefined || to <= from) return
  const hostCores = known(node.cores, vmid, `the cores of ${place}`)
  if (to > hostCores) {
    throw beyondHost(vmid, `${to} cores are more than the ${hostCores} of ${place}`, {
      cores: to,
      host_cores: hostCores,
    })
  }
  const sum = inHundredths(others.reduce((total, other) => total + (coreLimit(other) ?? 0), to))
  const allowed = inHundredths(hostCores * safety.cpu_overcommit)
  if (sum <= allowed) return
  const text = `all running containers would have ${sum} cores; ${allowed} are allowed (safety.cpu_overcommit ${safety.cpu_overcommit} x ${hostCores})`
  throw beyondHost(vmid, text, { cores_sum: sum, cores_allowed: allowed })
}

/** As Proxmox counts cores: sums of tenths are no tenths but for rounding. */
function inHundredths(cores: number): number {
  return Math.round(100 * cores) / 100
}

function checkMemoryCapacity({ vmid, before, after, place = 'the host', node, others, safety }: CapacityCheck): void {
  const memoryOf = ({ memoryMb }: Limits) => memoryMb ?? DEFAULT_MEMORY_MB
  const growthMb = memoryOf(after) - memoryOf(before)
  if (growthMb <= 0) return
  const hostMb = known(node.memoryMb, vmid, `the memory of ${place}`)
  const availableMb = known(node.memoryAvailableMb, vmid, `the available memory of ${place}`)
  const leftMb = Math.floor(availableMb - growthMb)
  if (leftMb < safety.host_memory_reserve_mb) {
    const reserveMb = safety.host_memory_reserve_mb
    const mostMb = Math.max(0, Math.floor(availableMb - reserveMb))
    const text = `${place} has ${Math.floor(availableMb)} MB available and keeps ${reserveMb} (safety.host_memory_reserve_mb): at most ${mostMb} MB more, not ${growthMb}`
    throw beyondHost(vmid, text, { host_memory_available_mb: Math.floor(availableMb), growth_mb: growthMb })
  }
  const sumMb = others.reduce((total, other) => total + memoryOf(other), memoryOf(after))
  const allowedMb = Math.floor(hostMb * safety.memory_overcommit)
  if (sumMb <= allowedMb) return
  const text = `all running containers would have ${sumMb} MB; ${allowedMb} are allowed (safety.memory_overcommit ${safety.memory_overcommit} x ${Math.floor(hostMb)})`
  throw beyondHost(vmid, text, { memory_sum_mb: sumMb, memory_allowed_mb: allowedMb })
}

function beyondHost(vmid: number, text: string, figures: Readonly<Record<string, number>>): AutoscaleError {
  return new AutoscaleError('HOST_CAPACITY', `container ${vmid}: ${text}`, { details: { lxc_id: vmid, ...figures } })
}

/** What it cannot give up is known only where it runs. */
export function notMeasuredHere(vmid: number, node: string): AutoscaleError {
  const message = `container ${vmid} is on node ${node}: what it cannot give up can be measured only there, so its limit is not lowered from here`
  return new AutoscaleError('STATE_NOT_ALLOWED', message, { details: { lxc_id: vmid, node } })
}

function known(value: number | undefined, vmid: number, what: string): number {
  if (value !== undefined) return value
  throw new AutoscaleError('HOST_UNREADABLE', `container ${vmid}: ${what} cannot be read, so nothing is enlarged`, {
    details: { lxc_id: vmid },
  })
}

/** The least memory limit that the rules allow now, MB, and what of it cannot be given up. */
export function leastMemory({ floorBytes }: MemoryFacts, safety: SafetySection) {
  const floorMb = floorBytes / BYTES_PER_MB
  const marginMb = Math.max(safety.memory_margin_mb, (floorMb * safety.memory_margin_percent) / 100)
  return { floorMb, leastMb: Math.ceil(floorMb + marginMb) }
}

export interface FloorCheck {
  readonly facts: ContainerFacts
  readonly memoryMb: number
  /** Measured just now; undefined when it could not be. */
  readonly memory: MemoryFacts | undefined
  readonly safety: SafetySection
}

/** Whether setting `memoryMb` takes memory away, from the configuration or from what the kernel allows now. */
export function isMemoryShrink({ configured, inForce, status }: ContainerFacts, memoryMb: number): boolean {
  const isUnlimited = status !== 'stopped' && inForce.memoryMb === undefined
  return isUnlimited || memoryMb < Math.max(configured.memoryMb ?? DEFAULT_MEMORY_MB, inForce.memoryMb ?? 0)
}

/**
 * The promise that a memory limit never goes below what the container cannot give up.
 * @throws {AutoscaleError} MEMORY_BELOW_FLOOR with the figures; HOST_UNREADABLE when there are none
 */
export function checkMemoryFloor({ facts: { vmid }, memoryMb, memory, safety }: FloorCheck): void {
  if (memory === undefined) {
    throw new AutoscaleError(
      'HOST_UNREADABLE',
      `container ${vmid}: its memory cannot be measured, so its limit is not lowered`,
      {
        details: { lxc_id: vmid },
      },
    )
  }
  const { floorMb, leastMb } = leastMemory(memory, safety)
  if (memoryMb >= leastMb) return
  // As they are printed they add up.
  const figures = {
    memory_floor_mb: Math.ceil(floorMb),
    margin_mb: leastMb - Math.ceil(floorMb),
    least_memory_mb: leastMb,
    memory_usage_mb: Math.ceil(memory.usageBytes / BYTES_PER_MB),
  }
  throw new AutoscaleError(
    'MEMORY_BELOW_FLOOR',
    `container ${vmid} cannot give up ${figures.memory_floor_mb} MB at this moment; with the margin of ${figures.margin_mb} MB the least is ${leastMb} MB, not ${memoryMb}`,
    { details: { lxc_id: vmid, ...figures } },
  )
}
