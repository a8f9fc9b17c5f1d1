import { AutoscaleError, isErrorCode } from '@lxc-autoscale/core'
import type { FastifyRequest } from 'fastify'
import { type AuditEntry, type BegunChange, isEnded } from '../audit/audit-entry.ts'
import { errorReply } from './error-reply.ts'

/** An answer as it is sent. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The body of a success; names the fields of the request that were not understood. */
export function success<Data>(request: Pick<FastifyRequest, 'ignored'>, message: string, data: Data) {
  const { ignored } = request
  return { status: 'success' as const, message, data, ...(ignored.length === 0 ? {} : { ignored: [...ignored] }) }
}

/** A change that was made, or that there was no need for. */
export interface AnsweredChange {
  readonly changeId: string
  readonly vmid: number
  readonly before: unknown
  readonly after: unknown
  readonly changed: boolean
  readonly message: string
  readonly warning: string | undefined
  readonly ignored: readonly string[]
}

export function changeAnswer(change: AnsweredChange): Answer {
  const { changeId, vmid, before, after, changed, message, warning, ignored } = change
  const body = success({ ignored }, message, { lxc_id: vmid, before, after, changed })
  return { status: 200, body: { ...body, change_id: changeId, ...(warning === undefined ? {} : { warning }) } }
}

/** The answer to a request that was carried out before, from what the audit log has of it. */
export function knownAnswer(change: AuditEntry | BegunChange): Answer {
  if (!isEnded(change)) return failureAnswer(interrupted(change, 'what came of it is not known yet'))
  const { id: changeId, lxc_id: vmid, before, after, outcome, error, message, warning, repeat } = change
  if (outcome === 'applied' || outcome === 'unchanged') {
    const ignored = repeat?.ignored ?? []
    return changeAnswer({ changeId, vmid, before, after, changed: outcome === 'applied', message, warning, ignored })
  }
  if (error === null) return failureAnswer(interrupted(change, message))
  // Nothing of a bug but that it is one reaches the client.
  if (!isErrorCode(error) || error === 'INTERNAL') return failureAnswer(undefined)
  return failureAnswer(new AutoscaleError(error, message, { details: { ...repeat?.details, change_id: changeId } }))
}

function failureAnswer(error: unknown): Answer {
  const { status, body } = errorReply(error)
  return { status, body: { ...body } }
}

function interrupted({ id, before, ...known }: AuditEntry | BegunChange, what: string): AutoscaleError {
  const after = 'after' in known ? known.after : null
  return new AutoscaleError(
    'IDEMPOTENCY_CONFLICT',
    `the request with this Idempotency-Key was begun, and its outcome is not known (${what}); look at the container, then use another key`,
    { details: { change_id: id, before, after } },
  )
}
