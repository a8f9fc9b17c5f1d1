import { ContainerConfigBody, MS_PER_SECOND } from '@lxc-autoscale/core'
import { firstIssue } from './api-reply.ts'

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
    uptimeMs: body.uptime_seconds === null ? undefined : body.uptime_seconds * MS_PER_SECOND,
    cores: body.cores,
    cpuLimit: body.cpulimit,
    memoryMb: body.memory_mb,
    swapMb: body.swap_mb,
    leastMemoryMb: body.least_memory_mb ?? undefined,
    rawCores: body.raw_limits.cores ?? undefined,
    rawMemory: body.raw_limits.memory ?? undefined,
  }
}
