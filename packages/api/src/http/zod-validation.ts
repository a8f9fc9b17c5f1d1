import { AutoscaleError } from '@lxc-autoscale/core'
import { z } from 'zod'

const MAX_SHOWN_CHARACTERS = 60

/** Checks the body or the query of a request with the zod schema of its route, for Fastify. */
export function validatorCompiler({ schema }: { schema: unknown }) {
  if (!(schema instanceof z.ZodType)) throw new TypeError('a route must give its schemas as zod schemas')
  return (data: unknown) => {
    const result = schema.safeParse(data)
    return result.success ? { value: result.data } : { error: invalidRequest(result.error, data) }
  }
}

/** Names every problem, the value that was sent and what would be right. */
function invalidRequest(error: z.ZodError, data: unknown): AutoscaleError {
  if (data === null || data === undefined) {
    return new AutoscaleError(
      'INVALID_REQUEST',
      'the request needs a JSON object as its body (Content-Type: application/json)',
    )
  }
  const errors = error.issues.map(issue => describe(issue, data))
  return new AutoscaleError('INVALID_REQUEST', errors.join('; '), { details: { errors } })
}

function describe(issue: z.core.$ZodIssue, data: unknown): string {
  const value = issue.path.reduce<unknown>(
    (node, step) => (typeof node === 'object' && node !== null ? Reflect.get(node, step) : undefined),
    data,
  )
  const field = issue.path.join('.')
  if (value === undefined && field !== '') return `${field}: is missing; ${issue.message}`
  const got = field === '' ? '' : ` (got ${shown(value)})`
  return `${field === '' ? '' : `${field}: `}${issue.message}${got}`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text
}
