import { jsonText, OverviewBody, successBody } from '@lxc-autoscale/core'
import type { FastifySchema } from 'fastify'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** Of no type that the handler would be held to: what it sends is JSON already. */
const schema: FastifySchema = { response: { 200: successBody(OverviewBody) } }

/** GET /overview */
export function overviewRoutes(app: ApiApp, { overview }: RouteContext): void {
  app.get(
    '/overview',
    {
      schema,
      config: { access: 'read', summary: 'What a person sees of the host and of all containers at one glance.' },
    },
    async ({ caller, ignored }, reply) => {
      const data = overview.textFor(await overview.look(), caller)
      const rest = ignored.length === 0 ? '' : `,"ignored":${jsonText(ignored)}`
      return reply
        .type('application/json; charset=utf-8')
        .serializer(String)
        .send(`{"status":"success","message":"the host and its containers","data":${data}${rest}}`)
    },
  )
}
