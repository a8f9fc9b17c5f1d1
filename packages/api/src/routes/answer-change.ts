import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Change, ChangeOrigin, PerformedChange } from '../changes/change-runner.ts'
import { observeChange } from '../changes/observe.ts'
import { success } from '../http/answer.ts'
import { parseIdempotencyKey } from '../http/idempotency.ts'
import type { RouteContext } from './route-context.ts'

/** What a changing route answers with. */
export interface ChangeAnswer {
  readonly message: string
  readonly data: unknown
  readonly changeId: string
}

export interface ChangeHandling {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Whether carrying it out twice comes to the same as once. */
  readonly isHarmless: boolean
}

interface ChangeFields {
  readonly reason?: string | undefined
  readonly force?: boolean | undefined
}

/** Carries a changing request out and answers it; one that is sent again with its Idempotency-Key gets its first answer. */
export async function answerChange(
  { idempotency }: RouteContext,
  { request, reply, isHarmless }: ChangeHandling,
  make: (origin: ChangeOrigin) => Promise<ChangeAnswer>,
): Promise<void> {
  const key = parseIdempotencyKey(request.headers['idempotency-key'])
  const produce = async () => {
    const { message, data, changeId } = await make(originOf(request, reply, key))
    return { status: 200, body: { ...success(request, message, data), change_id: changeId } }
  }
  if (key === undefined) {
    reply.send((await produce()).body)
    return
  }
  const content = { url: request.url, body: request.body }
  const answer = await idempotency.answer({ key, caller: request.caller.key, content, isHarmless }, produce)
  if (answer.isReplay) reply.header('idempotency-replayed', 'true')
  reply.code(answer.status).send(answer.body)
}

/** Makes one change in its turn and gives its answer: `{lxc_id, before, after, changed}`. */
export async function runChange(
  { runner, containers }: RouteContext,
  change: Omit<Change<PerformedChange>, 'observe'>,
): Promise<ChangeAnswer> {
  const observe = () => observeChange(containers, change)
  const { message, before, after, changed, changeId } = await runner.run({ ...change, observe })
  return { message, changeId, data: { lxc_id: change.vmid, before, after, changed } }
}

function originOf(request: FastifyRequest, reply: FastifyReply, idempotencyKey: string | undefined): ChangeOrigin {
  const { reason, force } = changeFields(request.body)
  const { key, role } = request.caller
  return {
    who: { key, role, address: request.ip },
    why: reason,
    force: force === true,
    idempotencyKey,
    signal: goneSignal(reply),
  }
}

function changeFields(body: unknown): ChangeFields {
  if (typeof body !== 'object' || body === null) return {}
  const reason: unknown = Reflect.get(body, 'reason')
  return { reason: typeof reason === 'string' ? reason : undefined, force: Reflect.get(body, 'force') === true }
}

/** Aborted when the client closes its connection before it has its answer. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
