import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { Change, ChangeOrigin } from '../changes/change-runner.ts'
import { success } from '../http/answer.ts'
import { type Answer, parseIdempotencyKey } from '../http/idempotency.ts'
import type { RouteContext } from './route-context.ts'

/** Of every body, beside what is asked for; the route has checked it. */
const ChangeFields = z.object({ reason: z.string().optional(), force: z.boolean().default(false) })

/**
 * Makes one change in its turn and answers `{lxc_id, before, after, changed}`; a request that is sent again with its
 * Idempotency-Key gets its first answer.
 */
export async function answerChange(
  { idempotency, runner }: RouteContext,
  reply: FastifyReply,
  change: Change,
): Promise<void> {
  const { request } = reply
  const key = parseIdempotencyKey(request.headers['idempotency-key'])
  const make = async (): Promise<Answer> => {
    const done = await runner.run(change, originOf(reply, key))
    const { before, after, changed, message, changeId, warning } = done
    const body = success(request, message, { lxc_id: change.vmid, before, after, changed })
    return { status: 200, body: { ...body, change_id: changeId, ...(warning === undefined ? {} : { warning }) } }
  }
  if (key === undefined) {
    reply.send((await make()).body)
    return
  }
  // Setting the same twice comes to the same as once.
  const isHarmless = change.action === 'scale'
  const content = { url: request.url, body: request.body }
  const answer = await idempotency.answer({ key, caller: request.caller.key, content, isHarmless }, make)
  if (answer.isReplay) reply.header('idempotency-replayed', 'true')
  reply.code(answer.status).send(answer.body)
}

function originOf(reply: FastifyReply, idempotencyKey: string | undefined): ChangeOrigin {
  const { request } = reply
  const { reason: why, force } = ChangeFields.parse(request.body)
  const { key, role } = request.caller
  return { who: { key, role, address: request.ip }, why, force, idempotencyKey, signal: goneSignal(reply) }
}

/** Aborted when the client closes its connection before it has its answer. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
