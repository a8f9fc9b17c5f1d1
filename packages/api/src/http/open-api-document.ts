import { asObject } from '@lxc-autoscale/core'
import type { ListedRoute } from './listed-routes.ts'

type Json = Readonly<Record<string, unknown>>

const REFERENCE = /^#\/components\/schemas\/(.+)$/

/**
 * The description of the routes as clients are made from it: without schemas that nothing refers to, with one name for each, and
 * with examples of requests.
 */
export function openApiDocument(
  generated: unknown,
  listed: ReadonlyMap<string, ListedRoute>,
): Json & { openapi: string } {
  const document = asObject(generated) ?? {}
  const paths = withEvents(withExamples(asObject(document['paths']) ?? {}, listed))
  const components = asObject(document['components']) ?? {}
  const all = asObject(components['schemas']) ?? {}
  const used = usedSchemas({ paths }, all)
  const nameOf = (name: string) => {
    const plain = name.replace(/Input$/, '')
    return used.has(plain) ? name : plain
  }
  const schemas = Object.fromEntries([...used].sort().map(name => [nameOf(name), all[name]]))
  const named = asObject(renamed({ paths, components: { ...components, schemas } }, nameOf))
  return { ...document, openapi: String(document['openapi']), ...named }
}

/** The names of the schemas that `root` refers to, and of those that these refer to. */
function usedSchemas(root: unknown, schemas: Json): ReadonlySet<string> {
  const used = new Set<string>()
  const waiting = [root]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const name of referencesIn(next)) {
      if (!used.has(name)) waiting.push(schemas[name])
      used.add(name)
    }
  }
  return used
}

function referencesIn(value: unknown): string[] {
  const text = JSON.stringify(value) ?? ''
  return [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
}

function renamed(value: unknown, nameOf: (name: string) => string): unknown {
  return JSON.parse(JSON.stringify(value), (key, text) => {
    const [, name] = key === '$ref' ? (REFERENCE.exec(text) ?? []) : []
    return name === undefined ? text : `#/components/schemas/${nameOf(name)}`
  })
}

/** OpenAPI has no word for the data of events: here programs find what each of them holds. */
function withEvents(paths: Json): Json {
  const schemas = { overview: 'Overview', rows: 'RowsEvent', sparks: 'SparksEvent', change: 'HistoryEntry' }
  const events = Object.entries(schemas).map(([event, name]) => [event, { $ref: `#/components/schemas/${name}` }])
  const get = asObject(asObject(paths['/events'])?.['get'])
  return { ...paths, '/events': { get: { ...get, 'x-events': Object.fromEntries(events) } } }
}

/** Puts the fields of the example of each route where they stand in a request. */
function withExamples(paths: Json, listed: ReadonlyMap<string, ListedRoute>): Json {
  const examples = new Map([...listed.values()].map(({ url, example }) => [url.replaceAll(/:(\w+)/g, '{$1}'), example]))
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const example = examples.get(path)
      const operations = Object.entries(asObject(item) ?? {})
      return [path, Object.fromEntries(operations.map(([method, found]) => [method, withExample(found, example)]))]
    }),
  )
}

/** For what its schema says nothing of. */
function withWords(responses: Json): Json {
  const described = Object.entries(responses).map(([status, found]) => {
    const response = asObject(found) ?? {}
    const isBare = response['description'] === 'Default Response'
    return [status, isBare ? { ...response, description: Number(status) < 400 ? 'Success.' : 'Failure.' } : response]
  })
  return Object.fromEntries(described)
}

function withExample(found: unknown, example: ListedRoute['example'] = {}): unknown {
  const operation = asObject(found) ?? {}
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].map(asObject) : []
  const names = new Set(parameters.map(parameter => parameter?.['name']))
  const rest = Object.fromEntries(Object.entries(example).filter(([name]) => !names.has(name)))
  const exemplary = parameters.map(parameter => {
    const value = example[String(parameter?.['name'])]
    return value === undefined ? parameter : { ...parameter, example: value }
  })
  const request = asObject(operation['requestBody'])
  const json = asObject(asObject(request?.['content'])?.['application/json'])
  const requestBody = { ...request, content: { 'application/json': { ...json, example: rest } } }
  return {
    ...operation,
    ...(parameters.length === 0 ? {} : { parameters: exemplary }),
    ...(json === undefined ? {} : { requestBody }),
    responses: withWords(asObject(operation['responses']) ?? {}),
  }
}
