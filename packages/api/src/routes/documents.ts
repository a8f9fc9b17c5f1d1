import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'
import { openApiDocument } from '../http/open-api-document.ts'
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
  // Made once: to put it together takes a while.
  let document: ReturnType<typeof openApiDocument> | undefined
  app.get(
    '/openapi.json',
    {
      schema: { response: { 200: z.looseObject({ openapi: z.string() }) } },
      config: { access: 'public', summary: 'This API as an OpenAPI 3.1 document.' },
    },
    async () => {
      document ??= openApiDocument(app.swagger(), listed)
      return document
    },
  )
}

/** A name for a route, made of its path. */
function endpointName(url: string): string {
  return url.split(/[/:]+/).filter(Boolean).join('_') || 'home'
}
