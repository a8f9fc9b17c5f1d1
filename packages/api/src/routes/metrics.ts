import type { ApiApp } from '../http/api-app.ts'
import { readContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

/** GET /metrics */
export function metricsRoutes(app: ApiApp, { containers, telemetry, config }: RouteContext): void {
  app.get(
    '/metrics',
    {
      config: {
        access: config.server.public_metrics ? 'public' : 'read',
        summary: 'Metrics of this API for Prometheus.',
      },
    },
    async (_request, reply) => {
      telemetry.containers(await readContainers(containers))
      const { registry } = telemetry
      return reply
        .type(registry.contentType)
        .serializer(String)
        .send(await registry.metrics())
    },
  )
}
