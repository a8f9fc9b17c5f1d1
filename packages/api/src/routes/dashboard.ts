import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'
import type { RouteContext } from './route-context.ts'

/** What the dashboard shows under addresses of its own: one page, which looks at its address itself. */
const PAGES = [
  { url: '/', summary: 'The dashboard.' },
  { url: '/container/:id', summary: 'The dashboard, at one container.', example: { id: 101 } },
  { url: '/cluster', summary: 'The dashboard, at all nodes of the cluster.' },
  { url: '/changes', summary: 'The dashboard, at the changes.' },
  { url: '/docs', summary: 'What this API can do, for people.' },
] as const

/** Nothing but files of this server; what they do with styles goes past the text of a style. */
const PAGE_CSP = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ')

const NOT_BUILT = `The dashboard is not there. In a checkout: npm run build. Of the package: apt-get install --reinstall lxc-autoscale-ml.
The API works without it; lxc-autoscale status shows what the containers have.
`

/** GET /, /container/ID, /cluster, /changes, /docs, and the files that these load */
export function dashboardRoutes(app: ApiApp, { dashboard }: RouteContext): void {
  for (const { url, summary, ...others } of PAGES) {
    app.get(url, { config: { access: 'public', summary, isPage: true, ...others } }, async (_request, reply) => {
      reply.header('content-security-policy', PAGE_CSP).header('vary', 'accept-encoding')
      if (existsSync(join(dashboard, 'index.html'))) {
        return reply.header('cache-control', 'no-cache').sendFile('index.html', { cacheControl: false })
      }
      return reply.code(503).type('text/plain; charset=utf-8').serializer(String).send(NOT_BUILT)
    })
  }
  app.get(
    '/assets/:name',
    // Another content has another name.
    { schema: { params: z.object({ name: z.string() }) }, config: { access: 'public', isHidden: true } },
    async ({ params }, reply) => {
      const options = { maxAge: '1y', immutable: true }
      return reply.header('vary', 'accept-encoding').sendFile(params.name, join(dashboard, 'assets'), options)
    },
  )
}
