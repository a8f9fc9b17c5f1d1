import { AutoscaleError } from '@lxc-autoscale/core'
import type { ApiApp } from '../http/api-app.ts'
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
      telemetry.containers(await readAll())
      const { registry } = telemetry
      return reply
        .type(registry.contentType)
        .serializer(String)
        .send(await registry.metrics())
    },
  )

  /** A container that vanishes, or a host that cannot be read, leaves its gauges out; the scrape must not fail for it. */
  async function readAll() {
    try {
      const vmids = await containers.list()
      const facts = await Promise.all(vmids.map(vmid => containers.read(vmid).catch(() => undefined)))
      return facts.filter(fact => fact !== undefined)
    } catch (error) {
      if (error instanceof AutoscaleError) return []
      throw error
    }
  }
}
