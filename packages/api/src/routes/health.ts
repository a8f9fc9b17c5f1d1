import { HealthBody } from '@lxc-autoscale/core'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** GET /health/check */
export function healthRoutes(app: ApiApp, { health }: RouteContext): void {
  app.get(
    '/health/check',
    {
      schema: { response: { 200: HealthBody, 503: HealthBody } },
      config: { access: 'public', summary: 'Whether everything works that must; 503 when not.' },
    },
    async (_request, reply) => {
      const body = await health.check()
      return reply.code(body.status === 'healthy' ? 200 : 503).send(body)
    },
  )
}
