import type { ApiApp } from '../http/api-app.ts'
import { cloneRoutes } from './clone.ts'
import { clusterRoutes } from './cluster.ts'
import { dashboardRoutes } from './dashboard.ts'
import { documentRoutes } from './documents.ts'
import { eventRoutes } from './events.ts'
import { explainRoutes } from './explain.ts'
import { healthRoutes } from './health.ts'
import { historyRoutes } from './history.ts'
import { metricsRoutes } from './metrics.ts'
import { newsRoutes } from './news.ts'
import { nodeRoutes } from './node.ts'
import { overviewRoutes } from './overview.ts'
import { pastRoutes } from './past.ts'
import { resourceRoutes } from './resource.ts'
import type { RouteContext } from './route-context.ts'
import { scaleRoutes } from './scale.ts'
import { seriesRoutes } from './series.ts'
import { snapshotRoutes } from './snapshot.ts'
import { steeringRoutes } from './steering.ts'
import { storageRoutes } from './storage.ts'
import { undoRoutes } from './undo.ts'
import { whatIfRoutes } from './what-if.ts'

/** A group of routes about one thing. */
export type RouteModule = (app: ApiApp, context: RouteContext) => void

/** The route modules: ADD YOURS HERE. */
export const ROUTE_MODULES: readonly RouteModule[] = [
  scaleRoutes,
  storageRoutes,
  snapshotRoutes,
  cloneRoutes,
  resourceRoutes,
  nodeRoutes,
  clusterRoutes,
  historyRoutes,
  seriesRoutes,
  pastRoutes,
  overviewRoutes,
  eventRoutes,
  steeringRoutes,
  undoRoutes,
  explainRoutes,
  healthRoutes,
  metricsRoutes,
  newsRoutes,
  whatIfRoutes,
  documentRoutes,
  dashboardRoutes,
]
