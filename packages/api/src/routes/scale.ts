import { ChangeBody, ScaleCoresRequest, ScaleRamRequest, ScaleResourcesRequest, successBody } from '@lxc-autoscale/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Change } from '../changes/change-runner.ts'
import { type ScaleRequest, scaleContainer } from '../changes/scale-container.ts'
import type { ApiApp } from '../http/api-app.ts'
import { answerChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

type ScaleBody = Partial<z.output<typeof ScaleResourcesRequest>> & { readonly lxc_id: number }

const response = { 200: successBody(ChangeBody) }

/** POST /scale/cores, /scale/ram, /scale/resources */
export function scaleRoutes(app: ApiApp, context: RouteContext): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, body: ScaleBody) =>
    answerChange(context, { request, reply }, scaleChange(context, scaleRequest(body)))
  app.post(
    '/scale/cores',
    {
      schema: { body: ScaleCoresRequest, response },
      config: { access: 'scale', summary: 'Set the cores of a container.', example: { lxc_id: 101, cores: 2 } },
    },
    (request, reply) => answer(request, reply, request.body),
  )
  app.post(
    '/scale/ram',
    {
      schema: { body: ScaleRamRequest, response },
      config: {
        access: 'scale',
        summary: 'Set the memory limit of a container.',
        example: { lxc_id: 101, memory: 2048 },
      },
    },
    (request, reply) => answer(request, reply, request.body),
  )
  app.post(
    '/scale/resources',
    {
      schema: { body: ScaleResourcesRequest, response },
      config: {
        access: 'scale',
        summary: 'Set cores, cpulimit and memory of a container in one step.',
        example: { lxc_id: 101, cores: 2, memory: 2048, reason: 'more visitors' },
      },
    },
    (request, reply) => answer(request, reply, request.body),
  )
}

function scaleRequest({ lxc_id: vmid, cores, cpulimit, memory, expected, force = false }: ScaleBody): ScaleRequest {
  return {
    vmid,
    asked: { cores, cpuLimit: cpulimit, memoryMb: memory },
    expected: { cores: expected?.cores, cpuLimit: expected?.cpulimit, memoryMb: expected?.memory },
    force,
  }
}

/** A change of an allocation; the undoing of one is such a change as well. */
export function scaleChange(context: RouteContext, request: ScaleRequest): Change {
  const { cores, cpuLimit: cpulimit, memoryMb: memory } = request.asked
  return {
    action: 'scale',
    vmid: request.vmid,
    asked: { lxc_id: request.vmid, cores, cpulimit, memory },
    perform: progress => scaleContainer(request, context, progress),
  }
}
