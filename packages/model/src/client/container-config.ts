import { ContainerConfigBody, type Mode, MS_PER_SECOND, openUntilMs, type SteeringBody } from '@lxc-autoscale/core'
import { firstIssue } from './api-reply.ts'

/** More that a person gave a container for a time: which of its resources, and until when, by the clock of the host. */
export interface Boost {
  readonly cores: boolean
  readonly memory: boolean
  readonly untilMs: number
}

/** What people tell the autoscaler to do with a container. */
export interface Steering {
  /** By the clock of the host; `Infinity`: until that is ended. */
  readonly pausedUntilMs: number | undefined
  /** The pause is that of all. */
  readonly isAllPaused: boolean
  readonly mode: Mode | undefined
  readonly boost: Boost | undefined
  /** Why nobody knows what was told; then it is left alone. */
  readonly problem: string | undefined
}

/** What the API says about one container. `undefined` = it did not say, or does not know. */
export interface ContainerConfig {
  readonly vmid: number
  readonly name: string | undefined
  readonly tags: readonly string[]
  readonly isRunning: boolean | undefined
  readonly isTemplate: boolean
  /** Name of the Proxmox lock; '' = not locked. */
  readonly lock: string
  readonly isHaManaged: boolean | undefined
  /** What the HA manager does to it or is asked to do, in a sentence. */
  readonly haBusy: string | undefined
  /** How long Proxmox looks at an imbalance before it moves it by itself; undefined where it does not. */
  readonly balancerHoldMs: number | undefined
  readonly uptimeMs: number | undefined
  /** As configured in Proxmox; null: none set. */
  readonly cores: number | null
  /** Quota in cores; null: none set. */
  readonly cpuLimit: number | null
  readonly memoryMb: number | null
  readonly swapMb: number | null
  /** The least memory limit that the API's safety rules allow now. */
  readonly leastMemoryMb: number | undefined
  /** The lines of raw LXC configuration that settle cores or memory, so that they cannot be sized. */
  readonly rawCores: string | undefined
  readonly rawMemory: string | undefined
  readonly steering: Steering
}

/** `body` as a container, or why it is none. */
export function readContainerConfig(body: unknown): ContainerConfig | string {
  const result = ContainerConfigBody.safeParse(body)
  if (!result.success) return firstIssue(result.error)
  return contradiction(result.data) ?? fromBody(result.data)
}

/** Figures that no container can have. */
function contradiction(body: ContainerConfigBody): string | undefined {
  const { lxc_id, vm_id, cores, cpulimit, memory_mb, uptime_seconds } = body
  if (lxc_id !== vm_id) return `lxc_id is ${lxc_id} but vm_id is ${vm_id}`
  const wrong = Object.entries({ cores, cpulimit, memory_mb }).find(([, value]) => value !== null && value <= 0)
  if (wrong !== undefined) return `${wrong[0]} is ${wrong[1]}, which no container can have`
  return uptime_seconds !== null && uptime_seconds < 0 ? `uptime_seconds is ${uptime_seconds}` : undefined
}

function fromBody(body: ContainerConfigBody): ContainerConfig {
  return {
    vmid: body.lxc_id,
    name: body.name ?? undefined,
    tags: body.tags,
    isRunning: body.status === 'unknown' ? undefined : body.status === 'running',
    isTemplate: body.template,
    lock: body.lock ?? '',
    isHaManaged: body.ha_managed ?? undefined,
    haBusy: body.ha_busy ?? undefined,
    balancerHoldMs: body.balancer_hold_seconds === null ? undefined : body.balancer_hold_seconds * MS_PER_SECOND,
    uptimeMs: body.uptime_seconds === null ? undefined : body.uptime_seconds * MS_PER_SECOND,
    cores: body.cores,
    cpuLimit: body.cpulimit,
    memoryMb: body.memory_mb,
    swapMb: body.swap_mb,
    leastMemoryMb: body.least_memory_mb ?? undefined,
    rawCores: body.raw_limits.cores ?? undefined,
    rawMemory: body.raw_limits.memory ?? undefined,
    steering: steeringOf(body.steering),
  }
}

/** A pause is over when the API says no more of it: it looked at its clock, which is that of this host. */
function steeringOf({ paused_until, is_all_paused, mode, boost, problem }: SteeringBody): Steering {
  return {
    pausedUntilMs: openUntilMs(paused_until, 0),
    isAllPaused: is_all_paused,
    mode: mode ?? undefined,
    boost: boost === null ? undefined : boostOf(boost),
    problem: problem ?? undefined,
  }
}

function boostOf({ before, given, until }: NonNullable<SteeringBody['boost']>): Boost {
  return {
    cores: before.cores !== given.cores || before.cpulimit !== given.cpulimit,
    memory: before.memory_mb !== given.memory_mb,
    untilMs: Date.parse(until),
  }
}
