import {
  AutoscaleError,
  BYTES_PER_MB,
  ContainerConfigBody,
  ContainerConfigsBody,
  ContainerStatusBody,
  successBody,
  WireVmid,
} from '@lxc-autoscale/core'
import { z } from 'zod'
import { leastMemory } from '../changes/safety-rules.ts'
import { containerConfigBody } from '../changes/wire-allocation.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { type Caller, mayReach, requireReach } from '../http/caller.ts'
import { listContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

const MAX_IDS = 10_000

const OneContainer = z.object({ lxc_id: WireVmid })
const ManyContainers = z.object({
  lxc_ids: z
    .string()
    .regex(/^\d{1,10}(,\d{1,10})*$/, 'must be container numbers separated by commas')
    .transform((text): (string | number)[] => text.split(','))
    .pipe(z.array(WireVmid).max(MAX_IDS))
    .optional()
    .describe('Numbers separated by commas; all containers of this node when left out.'),
})

/** GET /resource/lxc/status, /resource/lxc/config, /resource/lxc/configs, and the same under /resource/vm */
export function resourceRoutes(app: ApiApp, context: RouteContext): void {
  for (const prefix of ['/resource/lxc', '/resource/vm']) {
    app.get(
      `${prefix}/status`,
      {
        schema: {
          querystring: OneContainer,
          response: { 200: successBody(ContainerStatusBody) },
        },
        config: { access: 'read', summary: 'Whether a container runs, and what it uses.', example: { lxc_id: 101 } },
      },
      async request => {
        const body = await readStatus(context, request.query.lxc_id)
        return success(request, `container ${body.lxc_id} is ${body.status}`, body)
      },
    )
    app.get(
      `${prefix}/config`,
      {
        schema: { querystring: OneContainer, response: { 200: successBody(ContainerConfigBody) } },
        config: {
          access: 'read',
          summary: 'What is configured for a container, and what is in force.',
          example: { lxc_id: 101 },
        },
      },
      async request => {
        const vmid = request.query.lxc_id
        return success(request, `configuration of container ${vmid}`, await readConfig(context, vmid))
      },
    )
    app.get(
      `${prefix}/configs`,
      {
        schema: { querystring: ManyContainers, response: { 200: successBody(ContainerConfigsBody) } },
        config: { access: 'read', summary: 'The same for many containers, or all.' },
      },
      async request => {
        const data = await readConfigs(context, request.caller, request.query.lxc_ids)
        return success(request, 'configuration of the containers', data)
      },
    )
  }
}

async function readStatus({ containers, cgroups, metrics }: RouteContext, vmid: number): Promise<ContainerStatusBody> {
  const facts = await containers.read(vmid)
  const isRunning = facts.status === 'running'
  const memory = isRunning ? cgroups.memory(vmid) : undefined
  const sample = isRunning ? metrics.sample(vmid) : undefined
  return {
    lxc_id: vmid,
    vm_id: vmid,
    name: facts.name,
    status: facts.status,
    lock: facts.lock ?? null,
    uptime_seconds: facts.uptimeSeconds ?? null,
    memory_usage_mb: megabytes(memory?.usageBytes),
    memory_floor_mb: megabytes(memory?.floorBytes),
    memory_limit_mb: facts.inForce.memoryMb ?? null,
    cpu_usage_percent: sample?.cpuUsagePercent ?? null,
    cpu_cores_used: sample?.cpuCoresUsed ?? null,
    swap_usage_mb: sample?.swapUsageMb ?? null,
    process_count: sample?.processCount ?? null,
    sample_time: sample === undefined ? null : new Date(sample.timestampMs).toISOString(),
  }
}

async function readConfig(
  context: RouteContext,
  vmid: number,
  steering = context.steering.look(),
): Promise<ContainerConfigBody> {
  const { containers, cgroups, cluster, safety } = context
  const facts = await containers.read(vmid)
  const memory = facts.status === 'running' ? cgroups.memory(vmid, facts.runId) : undefined
  const leastMemoryMb = memory && leastMemory(memory, safety).leastMb
  return containerConfigBody(facts, { leastMemoryMb, steering: steering.of(vmid), balancer: cluster.balancer() })
}

async function readConfigs(
  context: RouteContext,
  caller: Caller,
  asked: readonly number[] | undefined,
): Promise<ContainerConfigsBody> {
  const vmids = asked ?? (await listContainers(context)).filter(vmid => mayReach(caller, vmid))
  const steering = context.steering.look()
  const read = async (vmid: number) => {
    try {
      requireReach(caller, vmid)
      return await readConfig(context, vmid, steering)
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      const { code, message, details } = error
      const { node } = details
      return { lxc_id: vmid, error: code, message, ...(typeof node === 'string' ? { node } : {}) }
    }
  }
  const results = await Promise.all([...new Set(vmids)].map(read))
  return {
    containers: results.filter(result => 'vm_id' in result),
    failed: results.filter(result => 'error' in result),
  }
}

function megabytes(bytes: number | undefined): number | null {
  return bytes === undefined ? null : Math.round((bytes / BYTES_PER_MB) * 100) / 100
}
