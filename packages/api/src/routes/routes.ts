import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'

/** One path that this API serves. */
export interface ListedRoute {
  readonly url: string
  readonly methods: string[]
  readonly description: string
}

const RoutesBody = z.object({
  status: z.literal('success'),
  routes: z.array(
    z.object({ url: z.string(), endpoint: z.string(), methods: z.array(z.string()), description: z.string() }),
  ),
})

/** Lists what is registered with `app` from now on. */
export function collectRoutes(app: FastifyInstance): ReadonlyMap<string, ListedRoute> {
  const listed = new Map<string, ListedRoute>()
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.isHidden) return
    const methods = [method].flat()
    const known = listed.get(url)
    if (known === undefined) listed.set(url, { url, methods, description: config?.summary ?? '' })
    else known.methods.push(...methods.filter(name => !known.methods.includes(name)))
  })
  return listed
}

/** GET /routes */
export function routesRoutes(app: ApiApp, listed: ReadonlyMap<string, ListedRoute>): void {
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
}

/** A name for a route, made of its path. */
function endpointName(url: string): string {
  return url.split(/[/:]+/).filter(Boolean).join('_') || 'home'
}
