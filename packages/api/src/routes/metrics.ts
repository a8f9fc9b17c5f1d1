import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'
import { readContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

/** How old what is said of the containers may be: reading all containers is work that nobody without a key may multiply. */
const KEPT_MS = 1_000

const TEXT: unknown = {
  description: 'In the text format of Prometheus.',
  content: { 'text/plain': { schema: z.string() } },
}

/** GET /metrics */
export function metricsRoutes(app: ApiApp, context: RouteContext): void {
  const { containers, telemetry, audit, deciding, config, clock } = context
  const { registry } = telemetry
  let newest: { readonly startedMs: number; readonly read: Promise<void> } | undefined
  const read = async () =>
    telemetry.show({
      containers: await readContainers(containers),
      installSize: vmid => audit.installSizes.get(vmid),
      deciding: deciding.verdict(),
    })
  const readOrKept = () => {
    const startedMs = clock.monotonicMs()
    if (newest !== undefined && startedMs - newest.startedMs < KEPT_MS) return newest.read
    newest = { startedMs, read: read() }
    // A failure is told to those who wait for it, and to nobody after them.
    newest.read.catch(() => {
      newest = undefined
    })
    return newest.read
  }
  app.get(
    '/metrics',
    {
      schema: { response: { 200: TEXT } },
      config: {
        access: config.server.public_metrics ? 'public' : 'read',
        summary: 'Metrics of this API for Prometheus.',
      },
    },
    async (_request, reply) => {
      await readOrKept()
      return reply
        .type(registry.contentType)
        .serializer(String)
        .send(await registry.metrics())
    },
  )
}
