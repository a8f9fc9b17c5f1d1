import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { RepeatFacts } from '../audit/audit-entry.ts'
import type { Change, ChangeOrigin } from '../changes/change-runner.ts'
import { type Answer, changeAnswer } from '../http/answer.ts'
import { parseIdempotencyKey, requestName } from '../http/idempotency.ts'
import type { RouteContext } from './route-context.ts'

/** Of every body, beside what is asked for; the route has checked it. */
const ChangeFields = z.object({ reason: z.string().optional(), force: z.boolean().default(false) })

/**
 * Makes one change in its turn (which may first have to be worked out) and answers `{lxc_id, before, after, changed}`; a request that is sent again with its
 * Idempotency-Key is answered with what became of it.
 */
export async function answerChange(
  { idempotency, runner }: RouteContext,
  reply: FastifyReply,
  change: Change | (() => Promise<Change>),
): Promise<void> {
  const { request } = reply
  const origin = originOf(reply)
  const make = async (): Promise<Answer> => {
    const toMake = typeof change === 'function' ? await change() : change
    const done = await runner.run(toMake, origin)
    return changeAnswer({ ...done, vmid: toMake.vmid, ignored: request.ignored })
  }
  const { idempotencyKey: key, repeat } = origin
  if (key === undefined || repeat === undefined) {
    reply.send((await make()).body)
    return
  }
  const answer = await idempotency.answer({ key, caller: request.caller.key, name: repeat.request }, make)
  if (answer.isReplay) reply.header('idempotency-replayed', 'true')
  reply.code(answer.status).send(answer.body)
}

export function originOf(reply: FastifyReply): ChangeOrigin {
  const { request } = reply
  const { reason: why, force } = ChangeFields.parse(request.body)
  const { key, role } = request.caller
  const idempotencyKey = parseIdempotencyKey(request.headers['idempotency-key'])
  return {
    who: { key, role, address: request.ip },
    why,
    force,
    idempotencyKey,
    repeat: idempotencyKey === undefined ? undefined : repeatFacts(request),
    signal: goneSignal(reply),
  }
}

function repeatFacts({ url, body, ignored }: FastifyReply['request']): RepeatFacts {
  return { request: requestName({ url, body }), ...(ignored.length === 0 ? {} : { ignored: [...ignored] }) }
}

/** Aborted when the client closes its connection before it has its answer. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
