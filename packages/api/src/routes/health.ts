import { HealthBody, jsonText } from '@lxc-autoscale/core'
import type { FastifySchema } from 'fastify'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** Of no type that the handler would be held to: what it sends is JSON already. */
const schema: FastifySchema = { response: { 200: HealthBody, 503: HealthBody } }

/** GET /health/check */
export function healthRoutes(app: ApiApp, { health }: RouteContext): void {
  let newest: { readonly body: HealthBody; readonly text: string } | undefined
  app.get(
    '/health/check',
    { schema, config: { access: 'public', summary: 'Whether everything works that must; 503 when not.' } },
    async (_request, reply) => {
      const body = await health.check()
      // What was found stands for a while, and so does its text.
      if (newest?.body !== body) newest = { body, text: jsonText(body) }
      return reply
        .code(body.status === 'healthy' ? 200 : 503)
        .type('application/json; charset=utf-8')
        .serializer(String)
        .send(newest.text)
    },
  )
}
