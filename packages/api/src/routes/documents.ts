import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

const RoutesBody = z.object({
  status: z.literal('success'),
  routes: z.array(
    z.object({ url: z.string(), endpoint: z.string(), methods: z.array(z.string()), description: z.string() }),
  ),
})

/** GET /routes, /openapi.json */
export function documentRoutes(app: ApiApp, { listed }: RouteContext): void {
  app.get(
    '/routes',
    { schema: { response: { 200: RoutesBody } }, config: { access: 'read', summary: 'The routes of this API.' } },
    async () => ({
      status: 'success' as const,
      routes: [...listed.values()].map(({ url, methods, description }) => ({
        url,
        endpoint: endpointName(url),
        methods,
        description,
      })),
    }),
  )
  app.get(
    '/openapi.json',
    { config: { access: 'public', summary: 'This API as an OpenAPI 3.1 document.' } },
    async () => app.swagger(),
  )
}

/** A name for a route, made of its path. */
function endpointName(url: string): string {
  return url.split(/[/:]+/).filter(Boolean).join('_') || 'home'
}
