import { ChangeBody, ScaleCoresRequest, ScaleRamRequest, ScaleResourcesRequest, successBody } from '@lxc-autoscale/core'
import type { z } from 'zod'
import { partsOn } from '../changes/remote-scale.ts'
import { type ScaleParts, type ScaleRequest, scaleChange } from '../changes/scale-container.ts'
import type { ApiApp } from '../http/api-app.ts'
import { answerChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

type ScaleBody = Partial<z.output<typeof ScaleResourcesRequest>> & { readonly lxc_id: number }

const ROUTES = [
  {
    url: '/scale/cores',
    body: ScaleCoresRequest,
    summary: 'Set the cores of a container.',
    example: { lxc_id: 101, cores: 2 },
  },
  {
    url: '/scale/ram',
    body: ScaleRamRequest,
    summary: 'Set the memory limit of a container.',
    example: { lxc_id: 101, memory: 2048 },
  },
  {
    url: '/scale/resources',
    body: ScaleResourcesRequest,
    summary: 'Set cores, cpulimit and memory of a container in one step.',
    example: { lxc_id: 101, cores: 2, memory: 2048, reason: 'more visitors' },
  },
] as const

/** POST /scale/cores, /scale/ram, /scale/resources */
export function scaleRoutes(app: ApiApp, context: RouteContext): void {
  for (const { url, body, summary, example } of ROUTES) {
    app.post(
      url,
      { schema: { body, response: { 200: successBody(ChangeBody) } }, config: { access: 'scale', summary, example } },
      (request, reply) => {
        const asked = scaleRequest(request.body)
        return answerChange(context, reply, scaleChange(partsFor(asked.vmid, context), asked))
      },
    )
  }
}

/** Those of this node, unless another one has the container and changes of it are served here. */
function partsFor(vmid: number, context: RouteContext): ScaleParts {
  const { cluster, config } = context
  if (!config.cluster.remote_changes) return context
  const node = cluster.otherNodeOf(vmid, cluster.members()?.node)
  return node === undefined ? context : partsOn(node, context)
}

function scaleRequest({ lxc_id: vmid, cores, cpulimit, memory, expected, force = false }: ScaleBody): ScaleRequest {
  return {
    vmid,
    asked: { cores, cpuLimit: cpulimit, memoryMb: memory },
    expected: { cores: expected?.cores, cpuLimit: expected?.cpulimit, memoryMb: expected?.memory },
    force,
  }
}
