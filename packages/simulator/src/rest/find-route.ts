import type { Parameters } from './parameters.ts'
import { ROUTES, type Route } from './routes.ts'

export interface FoundRoute {
  readonly route: Route
  /** What stands in the path. */
  readonly parameters: Parameters
}

/** The route of a path; undefined when there is none. */
export function findRoute(method: string, path: string): FoundRoute | undefined {
  const parts = path.split('/')
  for (const route of ROUTES) {
    const parameters = route.method === method ? matched(route.path.split('/'), parts) : undefined
    if (parameters !== undefined) return { route, parameters }
  }
  return undefined
}

function matched(template: readonly string[], parts: readonly string[]): Parameters | undefined {
  if (template.length !== parts.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [at, part] of parts.entries()) {
    const wanted = template[at] ?? ''
    if (wanted.startsWith(':')) parameters[wanted.slice(1)] = part
    else if (wanted !== part) return undefined
  }
  return parameters
}
