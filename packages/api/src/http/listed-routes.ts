import type { FastifyInstance } from 'fastify'
import type { Access } from './authenticate.ts'

/** One path that this API serves. */
export interface ListedRoute {
  readonly url: string
  readonly methods: string[]
  readonly access: Access
  readonly description: string
  /** Fields of a request that shows how to use it. */
  readonly example: Readonly<Record<string, unknown>> | undefined
}

/** Lists what is registered with `app` from now on, by path, as the router has it. */
export function collectRoutes(app: FastifyInstance): ReadonlyMap<string, ListedRoute> {
  const listed = new Map<string, ListedRoute>()
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.access === undefined) throw new TypeError(`the route ${url} does not say who may use it`)
    if (config.isHidden) return
    const methods = [method].flat()
    const known = listed.get(url)
    if (known !== undefined) known.methods.push(...methods.filter(name => !known.methods.includes(name)))
    else {
      const { access, summary: description = '', example } = config
      listed.set(url, { url, methods, access, description, example })
    }
  })
  return listed
}
