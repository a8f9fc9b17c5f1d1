import type { HealthChecks } from '../health-checks.ts'
import type { ApiApp } from '../http/api-app.ts'

/** GET /health/check */
export function healthRoutes(app: ApiApp, health: HealthChecks): void {
  app.get(
    '/health/check',
    { config: { access: 'public', summary: 'Whether everything works that must; 503 when not.' } },
    async (_request, reply) => {
      const body = await health.check()
      return reply.code(body.status === 'healthy' ? 200 : 503).send(body)
    },
  )
}
