import { MS_PER_MINUTE } from '@lxc-autoscale/core'
import { savedSizes } from './audit/saved-sizes.ts'
import { allocationBody } from './changes/wire-allocation.ts'
import type { ApiConfig } from './config.ts'
import { isLoopbackAddress } from './http/client-address.ts'
import type { NewsSources } from './news/news-desk.ts'
import { type NewsSettings, targetsOf } from './news/notifications-section.ts'
import { ownNode } from './routes/node.ts'
import { readContainers } from './routes/read-containers.ts'
import type { RouteContext } from './routes/route-context.ts'

/** What the model wrote down longer ago is not of this moment, whatever its interval is. */
const STATUS_MS = 10 * MS_PER_MINUTE

/** The parts of the application that news come from. */
export function newsSources(context: Omit<RouteContext, 'listed'>): NewsSources {
  const { deciding, health, audit, containers, clock } = context
  return {
    host: () => ownNode(context),
    verdict: () => deciding.verdict(),
    status() {
      const status = deciding.status()
      const isFresh = status !== undefined && Math.abs(clock.nowMs() - Date.parse(status.updated_at)) < STATUS_MS
      return isFresh ? status : undefined
    },
    health: async () => health.check(),
    changes: sinceMs => [audit.newestFirst(sinceMs), audit.notMadeNewestFirst(sinceMs), counted(audit.counting())],
    async saved() {
      const facts = await readContainers(containers)
      const now = new Map(facts.map(({ vmid, configured }) => [vmid, allocationBody(configured)]))
      return savedSizes(audit.installSizes.all(), now)
    },
  }
}

async function* counted<Entry>(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries
}

/** What `config` says of news. */
export function newsSettings({ notifications, error_handling: recipients, server }: ApiConfig): NewsSettings {
  const targets = targetsOf(notifications, recipients)
  return { ...notifications, targets, dashboard_url: notifications.dashboard_url ?? addressOf(server) }
}

/** Where others reach the dashboard; undefined when that cannot be told from where it listens. */
function addressOf({ host, port }: ApiConfig['server']): string | undefined {
  const isAny = host === '0.0.0.0' || host === '::'
  if (isAny || port === 0 || isLoopbackAddress(host)) return undefined
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
}
