import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { RepeatFacts } from '../audit/audit-entry.ts'
import type { Change, ChangeOrigin } from '../changes/change-runner.ts'
import { type Answer, changeAnswer } from '../http/answer.ts'
import { parseIdempotencyKey, requestName } from '../http/idempotency.ts'
import type { RouteContext } from './route-context.ts'

/** Of every body, beside what is asked for; the route has checked it. */
const ChangeFields = z.object({ reason: z.string().optional(), force: z.boolean().default(false) })

/** A change, or what works it out: only when it is not known yet what came of the request. */
type ToMake = Change | (() => Promise<Change>)

/**
 * Makes one change in its turn and answers `{lxc_id, before, after, changed}`; a request that is sent again with its
 * Idempotency-Key is answered with what became of it.
 */
export async function answerChange(context: RouteContext, reply: FastifyReply, change: ToMake): Promise<void> {
  const { ignored } = reply.request
  const { status, body, isReplay } = await makeChange(context, change, { origin: originOf(reply), ignored })
  if (isReplay) reply.header('idempotency-replayed', 'true')
  reply.code(status).send(body)
}

interface Asking {
  readonly origin: ChangeOrigin
  readonly ignored: readonly string[]
}

/** What came of a change, or of the same one that was asked for before. @throws {AutoscaleError} when it is not made */
export async function makeChange(
  { idempotency, runner }: RouteContext,
  change: ToMake,
  { origin, ignored }: Asking,
): Promise<Answer & { readonly isReplay: boolean }> {
  const make = async (): Promise<Answer> => {
    const toMake = typeof change === 'function' ? await change() : change
    const done = await runner.run(toMake, origin)
    return changeAnswer({ ...done, vmid: toMake.vmid, ignored })
  }
  const { idempotencyKey: key, repeat, who } = origin
  if (key === undefined || repeat === undefined) return { ...(await make()), isReplay: false }
  return idempotency.answer({ key, caller: who.key, name: repeat.request }, make)
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
