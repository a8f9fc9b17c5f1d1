import {
  AutoscaleError,
  MS_PER_SECOND,
  successBody,
  WhatIfBody,
  type WhatIfJob,
  WhatIfRequest,
} from '@lxc-autoscale/core'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { requireReach } from '../http/caller.ts'
import { replaySamples } from '../replays/samples.ts'
import { replaySettings } from '../replays/settings.ts'
import type { RouteContext } from './route-context.ts'

const SECONDS_PER_HOUR = 3_600
const MINUTES_MS = 60_000
/** As many as the history keeps of a container. */
const MOST_STEPS = 9_000

const params = z.object({ id: z.uuid('must be the id of a replay, as POST /what-if gives it') })
const example = { id: '00000000-0000-4000-8000-000000000000' }

/** POST /what-if, GET and DELETE /what-if/ID */
export function whatIfRoutes(app: ApiApp, context: RouteContext): void {
  const { whatIfs, containers } = context
  app.post(
    '/what-if',
    {
      schema: { body: WhatIfRequest, response: { 202: successBody(WhatIfBody) } },
      config: {
        access: 'scale',
        summary:
          'What the policy would have done with the history of a container: begins a replay. It changes nothing.',
        example: { lxc_id: 101, hours: 24, settings: { policy: 'adaptive', throttling_price: 80 } },
      },
    },
    async (request, reply) => {
      const { lxc_id: vmid, hours, settings: asked } = request.body
      const settings = replaySettings(asked)
      const { configured } = await containers.read(vmid)
      const begun = whatIfs.begin(vmid, () => readJob(context, { vmid, hours, settings, swapMb: configured.swapMb }))
      return reply.code(202).send(success(request, 'the replay has its turn or waits for it', begun))
    },
  )
  app.get(
    '/what-if/:id',
    {
      schema: { params, response: { 200: successBody(WhatIfBody) } },
      config: { access: 'read', summary: 'How far a replay is, and what came of it.', example },
    },
    async request => success(request, 'the replay', reachable(request, whatIfs.find(request.params.id))),
  )
  app.delete(
    '/what-if/:id',
    {
      schema: { params, response: { 200: successBody(WhatIfBody) } },
      config: { access: 'scale', summary: 'End a replay before it has ended.', example },
    },
    async request => {
      const { id } = reachable(request, whatIfs.find(request.params.id))
      return success(request, 'the replay', whatIfs.cancel(id))
    },
  )
}

/** @throws {AutoscaleError} FORBIDDEN */
function reachable({ caller }: Pick<FastifyRequest, 'caller'>, body: WhatIfBody): WhatIfBody {
  requireReach(caller, body.lxc_id)
  return body
}

interface Asked extends Pick<WhatIfJob, 'vmid' | 'settings'> {
  readonly hours: number
  readonly swapMb: number | undefined
}

/** @throws {AutoscaleError} STATE_NOT_ALLOWED when too little is known of the container, HOST_UNREADABLE */
async function readJob({ config, clock, series, readNode }: RouteContext, asked: Asked): Promise<WhatIfJob> {
  const { vmid, hours, settings, swapMb = 0 } = asked
  const untilMs = clock.nowMs()
  const sinceMs = untilMs - hours * SECONDS_PER_HOUR * MS_PER_SECOND
  const samples = replaySamples(await series.series(vmid, { sinceMs, untilMs, steps: MOST_STEPS }))
  if (samples.timesS.length < 2) {
    throw new AutoscaleError('STATE_NOT_ALLOWED', `nothing is known of container ${vmid} in the last ${hours} hours`)
  }
  const { memory_margin_mb: mb, memory_margin_percent: percent } = config.safety
  const { cores, memoryMb } = readNode()
  return {
    vmid,
    settings,
    samples,
    utcOffsetMs: -new Date(clock.nowMs()).getTimezoneOffset() * MINUTES_MS,
    swapMb,
    memoryMargin: { mb, percent },
    host: { cores, memoryMb },
  }
}
