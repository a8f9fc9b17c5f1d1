import { z } from 'zod'
import type { ApiApp } from '../http/api-app.ts'
import { type Html, html, PAGE_CSP, page } from '../http/html.ts'
import { curlExample, type ListedRoute } from '../http/listed-routes.ts'
import { asObject } from '../json-object.ts'
import type { RouteContext } from './route-context.ts'

const RoutesBody = z.object({
  status: z.literal('success'),
  routes: z.array(
    z.object({ url: z.string(), endpoint: z.string(), methods: z.array(z.string()), description: z.string() }),
  ),
})

/** GET /routes, /openapi.json, /docs */
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
  app.get('/openapi.json', { config: { access: 'read', summary: 'This API as an OpenAPI 3.1 document.' } }, async () =>
    app.swagger(),
  )
  app.get('/docs', { config: { access: 'read', summary: 'The same for people.' } }, async (request, reply) => {
    const baseUrl = `${request.protocol}://${request.host}`
    const main = html`<h1>Routes</h1>
<p><a href="/" data-path="/">Back</a></p>
<p>Numbers may be JSON numbers or strings of decimal digits. <code>vm_id</code> and <code>container_id</code> mean <code>lxc_id</code>;
<code>new_vm_id</code>, <code>new_vm_name</code> and <code>hostname</code> mean <code>new_lxc_id</code> and <code>new_lxc_name</code>.
The commands take the key from the shell: <code>export API_KEY=...</code>. A header <code>Idempotency-Key</code> makes a change safe to send again.</p>
${[...listed.values()].map(route => routeSection(route, app.swagger(), baseUrl))}`
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', PAGE_CSP)
      .serializer(String)
      .send(page('LXC AutoScale ML: routes', main))
  })
}

/** A name for a route, made of its path. */
function endpointName(url: string): string {
  return url.split(/[/:]+/).filter(Boolean).join('_') || 'home'
}

function routeSection(route: ListedRoute, document: unknown, baseUrl: string): Html {
  const method = route.methods.find(name => name !== 'HEAD') ?? 'GET'
  const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
  const operation = at(document, ['paths', path, method.toLowerCase()])
  const fields = [...parametersOf(operation), ...bodyFieldsOf(operation)]
  const table = html`<table><tr><th>field<th>values<th>
${fields.map(({ name, values, text }) => html`<tr><td><code>${name}</code><td>${values}<td>${text}`)}
</table>`
  return html`<h2><code>${route.methods.join(', ')} ${route.url}</code></h2>
<p>${route.description} ${route.access === 'public' ? 'Needs no key.' : `Needs a key with the role ${route.access}.`}</p>
${fields.length === 0 ? '' : table}
<pre>${curlExample(route, baseUrl)}</pre>`
}

interface FieldRow {
  readonly name: string
  readonly values: string
  readonly text: string
}

function parametersOf(operation: unknown): FieldRow[] {
  const parameters = at(operation, ['parameters'])
  if (!Array.isArray(parameters)) return []
  return parameters.map(parameter =>
    fieldRow(`${at(parameter, ['name'])}${at(parameter, ['required']) === true ? '' : '?'}`, {
      ...asObject(at(parameter, ['schema'])),
      description: at(parameter, ['description']) ?? at(parameter, ['schema', 'description']),
    }),
  )
}

function bodyFieldsOf(operation: unknown): FieldRow[] {
  const schema = at(operation, ['requestBody', 'content', 'application/json', 'schema'])
  const required = at(schema, ['required'])
  return Object.entries(asObject(at(schema, ['properties'])) ?? {}).map(([name, field]) =>
    fieldRow(Array.isArray(required) && required.includes(name) ? name : `${name}?`, field),
  )
}

function fieldRow(name: string, schema: unknown): FieldRow {
  return { name, values: valuesOf(schema), text: String(at(schema, ['description']) ?? '') }
}

/** A longer one tells a person nothing. */
const MAX_PATTERN = 60

function valuesOf(schema: unknown): string {
  const options = at(schema, ['anyOf'])
  if (Array.isArray(options)) return [...new Set(options.map(valuesOf))].join(' or ')
  const [type, pattern, minimum, maximum] = ['type', 'pattern', 'minimum', 'maximum'].map(key => at(schema, [key]))
  const isBounded = typeof minimum === 'number' && typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER
  const bounds = isBounded ? ` ${minimum} to ${maximum}` : ''
  const isReadable = typeof pattern === 'string' && pattern.length <= MAX_PATTERN
  return `${type ?? 'object'}${bounds}${isReadable ? ` ${pattern}` : ''}`
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, step) => asObject(node)?.[step], value)
}
