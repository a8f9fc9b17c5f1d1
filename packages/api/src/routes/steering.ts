import {
  ALL_CONTAINERS,
  BoostEndRequest,
  BoostRequest,
  ChangeBody,
  ModeChangeBody,
  ModeRequest,
  MS_PER_SECOND,
  PauseChangeBody,
  PauseRequest,
  ResumeRequest,
  SteeringsBody,
  successBody,
} from '@lxc-autoscale/core'
import type { FastifyReply } from 'fastify'
import { type AskedBoost, boostChange, boostEnd, previewBoost, requireBoost } from '../changes/boost.ts'
import { modeChange, pauseChange, resumeChange } from '../changes/steer.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { mayReach, requireAll } from '../http/caller.ts'
import { answerChange, originOf } from './answer-change.ts'
import type { RouteContext } from './route-context.ts'

/** GET /steering, POST /pause, /resume, /mode, /boost, /boost/end */
export function steeringRoutes(app: ApiApp, context: RouteContext): void {
  app.get(
    '/steering',
    {
      schema: { response: { 200: successBody(SteeringsBody) } },
      config: { access: 'read', summary: 'What is paused, has a mode of its own or a boost.' },
    },
    async request => {
      const told = context.steering.all(vmid => mayReach(request.caller, vmid))
      return success(request, told.problem ?? 'what people tell the autoscaler to do', told)
    },
  )
  pauseRoutes(app, context)
  boostRoutes(app, context)
}

function pauseRoutes(app: ApiApp, context: RouteContext): void {
  app.post(
    '/pause',
    {
      schema: { body: PauseRequest, response: { 200: successBody(PauseChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Leave a container alone for a time, or all of them; what is paused is measured all the same.',
        example: { lxc_id: 101, seconds: 7_200 },
      },
    },
    ({ body: { lxc_id, all, seconds }, caller }, reply) => {
      if (all) requireAll(caller)
      const until =
        seconds === undefined ? 'forever' : new Date(context.clock.nowMs() + seconds * MS_PER_SECOND).toISOString()
      const asked = { lxc_id, all, seconds }
      return answerChange(context, reply, pauseChange(context, lxc_id ?? ALL_CONTAINERS, until, asked))
    },
  )
  app.post(
    '/resume',
    {
      schema: { body: ResumeRequest, response: { 200: successBody(PauseChangeBody) } },
      config: {
        access: 'scale',
        summary: 'End the pause of a container, or that of all.',
        example: { lxc_id: 101 },
      },
    },
    ({ body: { lxc_id, all }, caller }, reply) => {
      if (all) requireAll(caller)
      return answerChange(context, reply, resumeChange(context, lxc_id ?? ALL_CONTAINERS, { lxc_id, all }))
    },
  )
  app.post(
    '/mode',
    {
      schema: { body: ModeRequest, response: { 200: successBody(ModeChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Say what the model does with a container, whatever its tags and the configuration say.',
        example: { lxc_id: 101, mode: 'grow_only' },
      },
    },
    ({ body: { lxc_id: vmid, mode } }, reply) => answerChange(context, reply, modeChange(context, vmid, mode)),
  )
}

function boostRoutes(app: ApiApp, context: RouteContext): void {
  app.post(
    '/boost',
    {
      schema: { body: BoostRequest, response: { 200: successBody(ChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Give a container more for a stated time; then it gets back what it had, by itself.',
        example: { lxc_id: 101, memory: 4_096, seconds: 7_200, reason: 'the yearly report' },
      },
    },
    async ({ body }, reply) => {
      const { lxc_id: vmid, cores, memory: memoryMb, seconds } = body
      const asked: AskedBoost = { vmid, cores, memoryMb, seconds, who: originOf(reply).who }
      if (body.dry_run !== true) return answerChange(context, reply, () => boostChange(context, asked))
      const { message, ...preview } = await previewBoost(context, asked)
      return answerPreview(reply, vmid, message, preview)
    },
  )
  app.post(
    '/boost/end',
    {
      schema: { body: BoostEndRequest, response: { 200: successBody(ChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Give back now what a boost gave, each resource only where it still is as the boost made it.',
        example: { lxc_id: 101 },
      },
    },
    ({ body: { lxc_id: vmid } }, reply) =>
      answerChange(context, reply, async () => boostEnd(context, requireBoost(context.steering, vmid))),
  )
}

/** Says what would be done. */
export function answerPreview(
  reply: FastifyReply,
  vmid: number,
  message: string,
  { before, after }: { readonly before: unknown; readonly after: unknown },
): void {
  reply.send(success(reply.request, message, { lxc_id: vmid, before, after, changed: false }))
}
