import { HealthBody, jsonText } from '@lxc-autoscale/core'
import type { FastifyReply, FastifySchema } from 'fastify'
import type { ApiApp } from '../http/api-app.ts'
import { thenOrNow } from '../http/then-or-now.ts'
import type { RouteContext } from './route-context.ts'

/** Of no type that the handler would be held to: what it sends is JSON already. */
const schema: FastifySchema = { response: { 200: HealthBody, 503: HealthBody } }

/** GET /health/check */
export function healthRoutes(app: ApiApp, { health }: RouteContext): void {
  let newest: { readonly body: HealthBody; readonly text: string } | undefined
  const answer = (reply: FastifyReply, body: HealthBody): void => {
    // What was found stands for a while, and so does its text.
    if (newest?.body !== body) newest = { body, text: jsonText(body) }
    reply
      .code(body.status === 'healthy' ? 200 : 503)
      .type('application/json; charset=utf-8')
      .serializer(String)
      .send(newest.text)
  }
  app.get(
    '/health/check',
    { schema, config: { access: 'public', summary: 'Whether everything works that must; 503 when not.' } },
    (_request, reply) => thenOrNow(health.check(), body => answer(reply, body)),
  )
}
