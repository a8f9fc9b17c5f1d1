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

const SHOWN_ELSEWHERE = new Set(['HEAD', 'OPTIONS'])

/** A command that uses a route as it stands, with the key in the shell variable API_KEY. */
export function curlExample({ url, methods, access, example = {} }: ListedRoute, baseUrl: string): string {
  const method = methods.find(name => !SHOWN_ELSEWHERE.has(name)) ?? 'GET'
  const key = access === 'public' ? '' : ' -H "X-API-Key: $API_KEY"'
  const { path, fields } = fillPath(url, example)
  if (method !== 'GET') {
    const body = quote(JSON.stringify(fields))
    return `curl -sS -X ${method}${key} -H 'Content-Type: application/json' -d ${body} ${quote(`${baseUrl}${path}`)}`
  }
  const query = new URLSearchParams(
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])),
  ).toString()
  return `curl -sS${key} ${quote(`${baseUrl}${path}${query === '' ? '' : `?${query}`}`)}`
}

/** Puts the fields that stand in the path into it, and gives the others. */
function fillPath(url: string, example: Readonly<Record<string, unknown>>) {
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const path = url.replaceAll(/:(\w+)/g, (_match, name: string) => encodeURIComponent(String(example[name] ?? '')))
  const fields = Object.fromEntries(Object.entries(example).filter(([name]) => !inPath.includes(name)))
  return { path, fields }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
