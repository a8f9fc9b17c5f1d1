import { ContainerConfigBody, MS_PER_SECOND } from '@lxc-autoscale/core'
import { z } from 'zod'

/** What the API says about one container. `undefined` = it did not say, or does not know. */
export interface ContainerConfig {
  readonly vmid: number
  readonly name: string | undefined
  readonly tags: readonly string[]
  readonly isRunning: boolean | undefined
  readonly isTemplate: boolean
  /** Name of the Proxmox lock; '' = not locked. */
  readonly lock: string | undefined
  readonly isHaManaged: boolean | undefined
  readonly uptimeMs: number | undefined
  /** As configured in Proxmox; null: none set. */
  readonly cores: number | null
  /** Quota in cores; null: none set. */
  readonly cpuLimit: number | null
  readonly memoryMb: number | null
  /** The least memory limit that the API's safety rules allow now. */
  readonly leastMemoryMb: number | undefined
  /** The lines of raw LXC configuration that settle cores or memory, so that they cannot be sized. */
  readonly rawCores: string | undefined
  readonly rawMemory: string | undefined
}

/** What the older API answers for one container; it knows neither state nor quota. */
const OlderConfigBody = z.object({
  lxc_id: z.number(),
  cores: z.number().positive().nullable(),
  memory_mb: z.number().positive().nullable(),
})

/** `body` as a container, or why it is none. Both the present and the older form are understood. */
export function readContainerConfig(body: unknown): ContainerConfig | string {
  const present = ContainerConfigBody.safeParse(body)
  if (present.success) return contradiction(present.data) ?? fromPresent(present.data)
  const isOlder = typeof body === 'object' && body !== null && !('status' in body)
  if (!isOlder) return firstIssue(present.error)
  const older = OlderConfigBody.safeParse(body)
  return older.success ? fromOlder(older.data) : firstIssue(older.error)
}

/** Figures that no container can have. */
function contradiction(body: ContainerConfigBody): string | undefined {
  const { lxc_id, vm_id, cores, cpulimit, memory_mb, uptime_seconds } = body
  if (lxc_id !== vm_id) return `lxc_id is ${lxc_id} but vm_id is ${vm_id}`
  const wrong = Object.entries({ cores, cpulimit, memory_mb }).find(([, value]) => value !== null && value <= 0)
  if (wrong !== undefined) return `${wrong[0]} is ${wrong[1]}, which no container can have`
  return uptime_seconds !== null && uptime_seconds < 0 ? `uptime_seconds is ${uptime_seconds}` : undefined
}

function fromPresent(body: ContainerConfigBody): ContainerConfig {
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
    leastMemoryMb: body.least_memory_mb ?? undefined,
    rawCores: body.raw_limits.cores ?? undefined,
    rawMemory: body.raw_limits.memory ?? undefined,
  }
}

function fromOlder(body: z.output<typeof OlderConfigBody>): ContainerConfig {
  return {
    vmid: body.lxc_id,
    name: undefined,
    tags: [],
    isRunning: undefined,
    isTemplate: false,
    lock: undefined,
    isHaManaged: undefined,
    uptimeMs: undefined,
    cores: body.cores,
    cpuLimit: null,
    memoryMb: body.memory_mb,
    leastMemoryMb: undefined,
    rawCores: undefined,
    rawMemory: undefined,
  }
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue === undefined ? 'not a container' : `${issue.path.join('.') || 'the body'}: ${issue.message}`
}
