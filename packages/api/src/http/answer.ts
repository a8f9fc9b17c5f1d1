import type { FastifyRequest } from 'fastify'

/** The body of a success; names the fields of the request that were not understood. */
export function success<Data>(request: Pick<FastifyRequest, 'ignored'>, message: string, data: Data) {
  const { ignored } = request
  return { status: 'success' as const, message, data, ...(ignored.length === 0 ? {} : { ignored: [...ignored] }) }
}
