import type { ApiApp } from '../http/api-app.ts'
import { metricsRoutes } from './metrics.ts'
import { resourceRoutes } from './resource.ts'
import type { RouteContext } from './route-context.ts'
import { scaleRoutes } from './scale.ts'

/** A group of routes about one thing. */
export type RouteModule = (app: ApiApp, context: RouteContext) => void

/** The route modules: ADD YOURS HERE. */
export const ROUTE_MODULES: readonly RouteModule[] = [scaleRoutes, resourceRoutes, metricsRoutes]
