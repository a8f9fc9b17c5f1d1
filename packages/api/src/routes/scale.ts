import { ChangeBody, ScaleCoresRequest, ScaleRamRequest, ScaleResourcesRequest, successBody } from '@lxc-autoscale/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { ChangeOrigin } from '../changes/change-runner.ts'
import { type ScaleRequest, scaleContainer } from '../changes/scale-container.ts'
import type { ApiApp } from '../http/api-app.ts'
import { answerChange, type ChangeAnswer, runChange } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

type ScaleBody = Partial<z.output<typeof ScaleResourcesRequest>> & { readonly lxc_id: number }

const response = { 200: successBody(ChangeBody) }

/** POST /scale/cores, /scale/ram, /scale/resources */
export function scaleRoutes(app: ApiApp, context: RouteContext): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, body: ScaleBody) =>
    answerChange(context, { request, reply, isHarmless: true }, origin => scale(context, body, origin))
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

function scale(context: RouteContext, body: ScaleBody, origin: ChangeOrigin): Promise<ChangeAnswer> {
  const { lxc_id: vmid, cores, cpulimit, memory, expected } = body
  const asked = { cores, cpulimit, memoryMb: memory }
  const expectation = { cores: expected?.cores, cpulimit: expected?.cpulimit, memoryMb: expected?.memory }
  return runScale(context, { vmid, asked, expected: expectation, force: origin.force }, origin)
}

/** Makes one change of an allocation and gives its answer; used by the undoing of one as well. */
export function runScale(context: RouteContext, request: ScaleRequest, origin: ChangeOrigin): Promise<ChangeAnswer> {
  const { vmid, asked } = request
  return runChange(context, {
    action: 'scale',
    vmid,
    isLong: false,
    asked: { lxc_id: vmid, cores: asked.cores, cpulimit: asked.cpulimit, memory: asked.memoryMb },
    origin,
    perform: progress => scaleContainer(request, context, progress),
  })
}
