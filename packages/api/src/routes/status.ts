import { BYTES_PER_MB, ContainerStatusBody, successBody, WireVmid } from '@lxc-autoscale/core'
import { z } from 'zod'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** GET /resource/lxc/status, and the same under /resource/vm */
export function statusRoutes(app: ApiApp, context: RouteContext): void {
  for (const prefix of ['/resource/lxc', '/resource/vm']) {
    app.get(
      `${prefix}/status`,
      {
        schema: {
          querystring: z.object({ lxc_id: WireVmid }),
          response: { 200: successBody(ContainerStatusBody) },
        },
        config: { access: 'read', summary: 'Whether a container runs, and what it uses.', example: { lxc_id: 101 } },
      },
      async request => {
        const body = await readStatus(context, request.query.lxc_id)
        return success(request, `container ${body.lxc_id} is ${body.status}`, body)
      },
    )
  }
}

async function readStatus(
  { containers, cgroups, monitorFile }: RouteContext,
  vmid: number,
): Promise<ContainerStatusBody> {
  const facts = await containers.read(vmid)
  const isRunning = facts.status === 'running'
  const memory = isRunning ? cgroups.memory(vmid) : undefined
  const sample = isRunning ? await monitorFile.sample(vmid) : undefined
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

function megabytes(bytes: number | undefined): number | null {
  return bytes === undefined ? null : Math.round((bytes / BYTES_PER_MB) * 100) / 100
}
